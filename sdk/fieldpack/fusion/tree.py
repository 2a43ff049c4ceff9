"""A taxonomy with the root that phones make, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldpack.exports.inat_vision_camera.facts import LIFE, LIFE_RANK
from fieldpack.taxonomy.rollup import JOIN, Indices, Numbers, Rows, Rule, roll, rows_of
from fieldpack.taxonomy.taxon import Taxon
from fieldpack.taxonomy.tree import Taxonomy

ROOT = Taxon(str(LIFE), None, "Life", LIFE_RANK)


@dataclass(frozen=True)
class Tree:
    """The taxa of a taxonomy and, behind them, Life, to which its roots belong.

    Attributes
    ----------
    taxonomy : Taxonomy
        Whose leaves are outputs; a split synonym may give an output to several taxa.
    """

    taxonomy: Taxonomy

    @cached_property
    def taxa(self) -> tuple[Taxon, ...]:
        """T taxa, Life last."""
        return (*self.taxonomy.taxa, ROOT)

    @cached_property
    def life(self) -> int:
        """Row of Life."""
        return len(self.taxonomy.taxa)

    @cached_property
    def row(self) -> dict[str, int]:
        """Id -> row."""
        return {taxon.id: number for number, taxon in enumerate(self.taxa)}

    @cached_property
    def _rows(self) -> Rows:
        return rows_of(self.taxonomy)

    @cached_property
    def parents(self) -> Indices:
        """Row of each taxon's parent, [T]; -1 of Life."""
        inner = self._rows.parents
        return np.append(np.where(inner < 0, self.life, inner), -1)

    @cached_property
    def children(self) -> dict[int, list[int]]:
        """Row -> rows of its children, in the order of the file."""
        found: dict[int, list[int]] = {}
        for row, parent in enumerate(self.parents[:-1].tolist()):
            found.setdefault(parent, []).append(row)
        return found

    @cached_property
    def scored(self) -> Indices:
        """Rows of the taxa that an output scores, in the order of the outputs, [K]."""
        return self._rows.leaves

    @cached_property
    def columns(self) -> NDArray[np.int64]:
        """The output of each scored taxon, [K]."""
        return np.array([taxon.leaf for taxon in self.taxonomy.leaves], np.int64)

    @cached_property
    def childless(self) -> NDArray[np.bool_]:
        """Whether each scored taxon has no children, [K]; phones read no other scores."""
        return ~np.isin(self.scored, self.parents)

    @cached_property
    def thresholds(self) -> Numbers:
        """Threshold of each scored taxon, [K], NaN where there is none."""
        found = [np.nan if taxon.threshold is None else taxon.threshold for taxon in self.taxonomy.leaves]
        return np.array(found, np.float64)

    @cached_property
    def rank_levels(self) -> Numbers:
        """Rank level of each taxon, [T], NaN where there is none."""
        return np.array([np.nan if taxon.rank_level is None else taxon.rank_level for taxon in self.taxa])

    def roll(self, values: Numbers, rule: Rule) -> Numbers:
        """Values [K] of the scored taxa at every taxon, [T], Life included; NaN is missing."""
        rolled = roll(self._rows, values[None], rule)[0]
        roots = rolled[self._rows.parents < 0]
        known = roots[~np.isnan(roots)]
        return np.append(rolled, JOIN[rule].reduce(known) if len(known) else np.nan)

    def line(self, row: int) -> list[int]:
        """Rows of a taxon's ancestors from Life down, without itself."""
        line = []
        while (row := self._parents[row]) >= 0:
            line.append(row)
        return line[::-1]

    @cached_property
    def _parents(self) -> list[int]:
        rows: list[int] = self.parents.tolist()
        return rows

    def below(self, taxon: str) -> NDArray[np.bool_]:
        """Whether each scored taxon is `taxon` or descends from it, [K]."""
        wanted = self.row.get(taxon, -1)
        inside = np.zeros(len(self.taxa), np.bool_)
        if wanted == self.life:
            inside[:] = True
        elif wanted >= 0:
            inside[wanted] = True
            for level in reversed(self._rows.levels):
                parents = self._rows.parents[level]
                inside[level] |= (parents >= 0) & inside[parents]
        return inside[self.scored]
