"""The program that runs a model on a target: C where a compiler is, Python where none is, one protocol."""
