"""One module a family of operators; each has ``translate(call)`` that adds layers and gives the result."""
