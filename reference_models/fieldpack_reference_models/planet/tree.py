"""The tree of the twelve kinds, in iNaturalist's form: ids, parents and ranks that are made up.

The ids are the planet's own and name nothing on earth. Kind k is leaf k, as in the picture model of
``vision/``, so that both score the same taxa in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldpack.taxonomy import Taxon, Taxonomy
from fieldpack_reference_models.vision.world import CLASSES

RANKS = {"kingdom": 70.0, "phylum": 60.0, "class": 50.0, "order": 40.0, "kind": 10.0}
INNER: tuple[tuple[str, str, str], ...] = (
    ("animals", "", "kingdom"),
    ("plants", "", "kingdom"),
    ("fungi", "", "kingdom"),
    ("jointed animals", "animals", "phylum"),
    ("backboned animals", "animals", "phylum"),
    ("soft animals", "animals", "phylum"),
    ("spiny animals", "animals", "phylum"),
    ("six-legged", "jointed animals", "class"),
    ("eight-legged", "jointed animals", "class"),
    ("feathered", "backboned animals", "class"),
    ("finned", "backboned animals", "class"),
    ("broad-leaved", "plants", "order"),
    ("needle-leaved", "plants", "order"),
)
PARENTS: dict[str, str] = {
    "beetle": "six-legged",
    "bird": "feathered",
    "butterfly": "six-legged",
    "feather": "feathered",
    "fish": "finned",
    "flower": "broad-leaved",
    "leaf": "broad-leaved",
    "mushroom": "fungi",
    "needle_twig": "needle-leaved",
    "snail": "soft animals",
    "spider": "eight-legged",
    "starfish": "spiny animals",
}
FIRST_INNER, FIRST_KIND = 9001, 9101


def taxonomy(thresholds: Mapping[str, float] | None = None) -> Taxonomy:
    """The tree, with thresholds of the kinds where they are given by name."""
    ids = {name: str(FIRST_INNER + number) for number, (name, _, _) in enumerate(INNER)}
    taxa = [Taxon(ids[name], ids.get(parent), name, RANKS[rank]) for name, parent, rank in INNER]
    for leaf, kind in enumerate(CLASSES):
        limit = None if thresholds is None else thresholds[kind]
        taxa.append(Taxon(str(FIRST_KIND + leaf), ids[PARENTS[kind]], kind, RANKS["kind"], leaf, limit))
    return Taxonomy(tuple(taxa))
