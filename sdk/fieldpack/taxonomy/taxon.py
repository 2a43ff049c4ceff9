"""One taxon, and the ranks that are told of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fieldpack.exports.inat_vision_camera.facts import RANKS

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
        0 to 100, iNaturalist's levels; fractions are ranks of their own.
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
