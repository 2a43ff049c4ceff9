"""Cases for the MIL operators: shared data that every engine of this folder must pass."""
