"""Reading and running ``.tflite`` files with nothing but the bare distribution.

``file`` opens a file and states its facts without running it, ``runtime_version`` says which
TFLite runtime those facts ask for, ``runner`` executes it, ``load_check`` does so in a process that
may die, and ``border`` holds the affine arithmetic between real and stored values. Nothing here
imports LiteRT before a function needs it.
"""
