"""The command line; the only part of Fieldpack that talks to a terminal.

``main.py`` holds the list of commands and imports the one that was asked for; each
command is one file with ``add_arguments`` and ``run``; ``terminal.py`` writes.
"""
