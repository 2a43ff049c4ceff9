"""What was measured on targets: one JSON line a run, kept in the user's own repository.

``record.py`` says what a line holds, ``store.py`` reads and writes the files. The runners that fill them
live in the package of benchmarks; the gate reads them here.
"""
