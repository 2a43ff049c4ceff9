"""Why a quantised TFLite file answers worse, or slower, than its float model, and what to do.

``diagnose.py`` gathers what is known of a file into a ``Subject`` (``subject.py``): the file's own facts, the
values that its layers take on real examples (``observed.py``), its float sibling, the rules that a bundle
says it was made by. Each known cause is one file in ``causes/``, listed in ``causes/_cause_list.py``.
Needs numpy and LiteRT, nothing else.
"""
