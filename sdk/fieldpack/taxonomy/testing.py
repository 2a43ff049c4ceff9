"""A small taxonomy for tests: six leaves in two kingdoms, fractional ranks, thresholds and an odd name."""

from __future__ import annotations

from fieldpack.taxonomy.taxon import Taxon
from fieldpack.taxonomy.tree import Taxonomy

SMALL = Taxonomy(
    (
        Taxon("1", None, "Animalia", 70.0),
        Taxon("2", "1", "Chordata", 60.0),
        Taxon("3", "2", "Aves", 50.0),
        Taxon("4", "3", "Passeriformes", 40.0),
        Taxon("5", "4", "Paroidea", 34.5),
        Taxon("6", "5", "Paridae", 30.0),
        Taxon("7", "6", "Parus", 20.0),
        Taxon("8", "7", "Parus major", 10.0, 0, 0.25),
        Taxon("9", "7", "Parus minor", 10.0, 1, 0.02),
        Taxon("10", "6", "Cyanistes", 20.0),
        Taxon("11", "10", "Cyanistes caeruleus", 10.0, 2, 0.5),
        Taxon("40151", "2", "Mammalia", 50.0),
        Taxon("43584", "40151", "Homo sapiens", 10.0, 3),
        Taxon("12", "40151", "Vulpes vulpes", 10.0, 4, 0.125),
        Taxon("13", None, "Fungi", 70.0),
        Taxon("14", "13", "Amanita, fly", 20.0, 5, 0.001),
    )
)
"""Genus Amanita is a leaf, as models that know no species of it have."""
