"""Taxonomies: the tree of names that ties outputs, pictures, places and sounds together.

``tree`` holds one; ``forms`` finds which of the known files one is and reads or writes it (``plain``,
``inaturalist``, ``speciesnet``, ``birdnet``); ``faults`` says everything that is wrong with a file at once.
``rollup`` and ``metrics`` work on scores; ``synonyms``, ``difference`` and ``release`` are about versions.
"""

from fieldpack.taxonomy.faults import Fault
from fieldpack.taxonomy.forms import Form, find_faults, parse_taxonomy, read_taxonomy, write_taxonomy
from fieldpack.taxonomy.taxon import Taxon
from fieldpack.taxonomy.tree import Taxonomy

__all__ = [
    "Fault",
    "Form",
    "Taxon",
    "Taxonomy",
    "find_faults",
    "parse_taxonomy",
    "read_taxonomy",
    "write_taxonomy",
]
