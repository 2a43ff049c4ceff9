"""The known causes, one a file; ``_cause_list.py`` names them, a test compares list and folder."""
