"""What a caller may ask for in any mode."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from fieldpack.errors import InputError
from fieldpack.exports.inat_vision_camera.facts import CONFIDENCE_PERCENT
from fieldpack.taxonomy.synonyms import Synonym


class RankType(StrEnum):
    """Which ranks a common ancestor may have; none is below genus."""

    DEFAULT = "default"
    MAJOR = "major"
    UNRESTRICTED = "unrestricted"


@dataclass(frozen=True, slots=True)
class Options:
    """Requests; each default is the app's.

    Parameters
    ----------
    rank_type : RankType
        Up to superfamily (rank level 33), whole tens only, or any.
    confidence_percent : float
        Score above which a taxon of the best branch is told, 0 to 100; phones read 0 as 70.
    cutoff : float or None
        Combined score below which phones leave out a leaf, in place of 0.001 of the highest.
    filter_taxon : str or None
        Only this taxon and what is below (server, Android).
    negative_filter : bool
        All but that (Android).
    keep_humans : bool
        The server's ``never_exclude``.
    synonyms : tuple of Synonym
        What the server replaces its model's taxa with.

    Raises
    ------
    InputError
        A number is out of range, or a negative filter has no taxon.
    """

    rank_type: RankType = RankType.DEFAULT
    confidence_percent: float = CONFIDENCE_PERCENT
    cutoff: float | None = None
    filter_taxon: str | None = None
    negative_filter: bool = False
    keep_humans: bool = False
    synonyms: tuple[Synonym, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.confidence_percent <= 100:
            raise InputError("a confidence is out of range", came=self.confidence_percent, allowed="0 to 100")
        if self.cutoff is not None and not (math.isfinite(self.cutoff) and 0 <= self.cutoff <= 1):
            raise InputError("a cutoff is out of range", came=self.cutoff, allowed="0 to 1")
        if self.negative_filter and self.filter_taxon is None:
            raise InputError("a negative filter needs a taxon", hint="name the taxon that is left out")
