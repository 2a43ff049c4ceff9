"""One taxon, and the ranks of iNaturalist's taxonomy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

RANKS: Mapping[float, str] = MappingProxyType(
    {
        100.0: "stateofmatter",
        70.0: "kingdom",
        67.0: "subkingdom",
        60.0: "phylum",
        57.0: "subphylum",
        53.0: "superclass",
        50.0: "class",
        47.0: "subclass",
        45.0: "infraclass",
        43.0: "superorder",
        40.0: "order",
        37.0: "suborder",
        35.0: "infraorder",
        34.5: "parvorder",
        34.0: "zoosection",
        33.5: "zoosubsection",
        33.0: "superfamily",
        32.0: "epifamily",
        30.0: "family",
        27.0: "subfamily",
        26.0: "supertribe",
        25.0: "tribe",
        24.0: "subtribe",
        20.0: "genus",
        15.0: "subgenus",
        13.0: "section",
        12.0: "subsection",
        10.0: "species",
        5.0: "subspecies",
    }
)
"""Rank level -> name, the table of iNaturalist's plugin; higher levels are nearer to the root."""
MAJOR_RANKS: Mapping[float, str] = MappingProxyType(
    {level: name for level, name in RANKS.items() if level % 10 == 0 and level <= 70}
)
"""Kingdom, phylum, class, order, family, genus, species."""
LEVELS: Mapping[str, float] = MappingProxyType({name: level for level, name in RANKS.items()})


@dataclass(frozen=True, slots=True)
class Taxon:
    """One node of a taxonomy.

    Parameters
    ----------
    id : str
        Unique in its taxonomy; what picture, place and sound are joined by.
    parent : str or None
        Id of the parent, None for a root.
    name : str
        Scientific name; of files that have none, the id.
    rank_level : float or None
        0 to 100, see :data:`RANKS`; fractions are ranks of their own.
    leaf : int or None
        Index of the model's output that scores this taxon, None when there is none.
    threshold : float or None
        Score of the range model from which the taxon counts as expected nearby, 0 to 1.
    common_name : str or None
        Name in a language of people.
    """

    id: str
    parent: str | None
    name: str
    rank_level: float | None = None
    leaf: int | None = None
    threshold: float | None = None
    common_name: str | None = None

    @property
    def rank(self) -> str | None:
        """Name of the rank, None where the level has none."""
        return None if self.rank_level is None else RANKS.get(self.rank_level)

    @property
    def spellings(self) -> tuple[str, ...]:
        """What a label of this taxon may be: its id, its names, or ``Scientific name_Common name``."""
        both = () if self.common_name is None else (self.common_name, f"{self.name}_{self.common_name}")
        return (self.id, self.name, *both)
