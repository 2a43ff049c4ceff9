"""The rules by subject; a module holds its rules as data and one ``check`` that looks for all of them."""
