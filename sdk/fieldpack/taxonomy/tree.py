"""The tree itself: which taxon belongs to which, which output scores it, and how near two labels are."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from fieldpack.errors import ContractError
from fieldpack.taxonomy.taxon import Taxon

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAMED = 5


@dataclass(frozen=True)
class Taxonomy:
    """A forest of taxa.

    Attributes
    ----------
    taxa : tuple of Taxon
        In the order of their file; ids unique, parents closed and without cycles, leaves dense from 0.
        :func:`fieldpack.taxonomy.parse_taxonomy` checks this.
    """

    taxa: tuple[Taxon, ...]

    @classmethod
    def from_parents(cls, parents: Mapping[str, str]) -> Taxonomy:
        """Of a mapping taxon -> parent (``""`` for a root), without ranks and outputs."""
        return cls(tuple(Taxon(taxon, parent or None, taxon) for taxon, parent in parents.items()))

    @cached_property
    def by_id(self) -> Mapping[str, Taxon]:
        """Id -> taxon."""
        return {taxon.id: taxon for taxon in self.taxa}

    @cached_property
    def parents(self) -> Mapping[str, str]:
        """Id -> id of the parent, ``""`` for a root."""
        return {taxon.id: taxon.parent or "" for taxon in self.taxa}

    @cached_property
    def leaves(self) -> tuple[Taxon, ...]:
        """The taxa that an output scores, in the order of the outputs; empty when none is stated."""
        scored = [(taxon.leaf, taxon) for taxon in self.taxa if taxon.leaf is not None]
        return tuple(taxon for _, taxon in sorted(scored, key=lambda item: item[0]))

    @cached_property
    def ranked(self) -> bool:
        """Whether any taxon has a rank."""
        return any(taxon.rank_level is not None for taxon in self.taxa)

    def line(self, taxon: str) -> tuple[str, ...]:
        """The taxon and its ancestors, nearest first.

        Raises
        ------
        KeyError
            The taxon is not there.
        """
        line = [taxon]
        while self.parents[line[-1]]:
            line.append(self.parents[line[-1]])
        return tuple(line)

    def common_ancestor(self, taxa: Iterable[str]) -> str | None:
        """The nearest taxon that all of them are, or descend from; None when two trees are met.

        Raises
        ------
        KeyError
            A taxon is not there.
        ValueError
            None was given.
        """
        given = iter(taxa)
        first = next(given, None)
        if first is None:
            raise ValueError("the common ancestor of no taxa")
        common = list(self.line(first))
        for taxon in given:
            line = set(self.line(taxon))
            common = [ancestor for ancestor in common if ancestor in line]
        return common[0] if common else None

    def ids_of(self, labels: Sequence[str]) -> tuple[str, ...]:
        """The taxon ids of an output's labels, in the order of its numbers.

        A taxonomy that states outputs (:attr:`Taxon.leaf`) names them in that order, and each label must be
        one of :attr:`Taxon.spellings` of its taxon; in one that states none, labels are ids.

        Raises
        ------
        ContractError
            A label is no taxon, their number differs, or they stand in another order.
        """
        if not self.leaves:
            strange = [label for label in labels if label not in self.by_id]
            if strange:
                raise _strangers(strange, len(self.taxa))
            return tuple(labels)
        if len(labels) != len(self.leaves):
            raise ContractError(
                "the labels do not fit the leaves of the taxonomy",
                came=f"{len(labels)} labels, {len(self.leaves)} leaves",
                allowed="one leaf for each output of the model",
                hint="take the taxonomy that was written with this model",
            )
        pairs = zip(labels, self.leaves, strict=True)
        wrong = [
            f"{number}: {label} is {taxon.name}"
            for number, (label, taxon) in enumerate(pairs)
            if label not in taxon.spellings
        ]
        if wrong and set(labels).isdisjoint(_spellings(self.taxa)):
            raise _strangers(list(labels), len(self.taxa))
        if wrong:
            raise ContractError(
                f"{len(wrong)} label(s) are not in the taxonomy at their output's leaf",
                came="; ".join(wrong[:NAMED]),
                allowed="label k names the taxon with leaf k: by id, name, common name, or Name_Common name",
                hint="take the taxonomy that was written with this model",
            )
        return tuple(taxon.id for taxon in self.leaves)

    def check(self, labels: Sequence[str]) -> None:
        """Raise ContractError unless every label is a taxon; see :meth:`ids_of`."""
        self.ids_of(labels)

    def labelled(self, labels: Sequence[str]) -> Taxonomy:
        """The same taxonomy with the outputs of these labels as leaves.

        Raises
        ------
        ContractError
            A label is no taxon, or a label comes twice.
        """
        ids = self.ids_of(labels)
        outputs = {taxon: number for number, taxon in enumerate(ids)}
        if len(outputs) != len(ids):
            double = sorted({taxon for taxon in ids if ids.count(taxon) > 1})
            raise ContractError("two outputs have one taxon", came=", ".join(double[:NAMED]))
        return Taxonomy(tuple(dataclasses.replace(taxon, leaf=outputs.get(taxon.id)) for taxon in self.taxa))

    def with_thresholds(self, thresholds: Mapping[str, float]) -> Taxonomy:
        """The same taxonomy with these thresholds by id, and no others.

        Raises
        ------
        ContractError
            A threshold is for another taxon.
        """
        foreign = sorted(set(thresholds) - set(self.by_id))
        if foreign:
            raise ContractError(
                f"{len(foreign)} threshold(s) are for taxa that the taxonomy does not have",
                came=", ".join(foreign[:NAMED]),
                hint="take the thresholds that were computed for this model",
            )
        return Taxonomy(
            tuple(dataclasses.replace(taxon, threshold=thresholds.get(taxon.id)) for taxon in self.taxa)
        )

    def nearness(self, labels: Sequence[str]) -> NDArray[np.float32]:
        """How near the labels are to each other, [C, C], symmetric, 0 to 1, 1 on the diagonal.

        Twice the depth of the nearest common ancestor over the sum of both depths (Wu and Palmer 1994,
        "Verb semantics and lexical selection"); a root has depth 1, two trees have nothing in common.

        Raises
        ------
        ContractError
            A label is no taxon.
        """
        import numpy as np  # a bundle is read without it

        lines = [self.line(taxon) for taxon in self.ids_of(labels)]
        known = [set(line) for line in lines]
        near = np.zeros((len(labels), len(labels)), np.float32)
        for row, line in enumerate(lines):
            for column in range(row, len(lines)):
                common = next((len(line) - k for k, taxon in enumerate(line) if taxon in known[column]), 0)
                near[row, column] = near[column, row] = 2 * common / (len(line) + len(lines[column]))
        return near


def _spellings(taxa: Iterable[Taxon]) -> set[str]:
    return {spelling for taxon in taxa for spelling in taxon.spellings}


def _strangers(labels: Sequence[str], taxa: int) -> ContractError:
    return ContractError(
        f"{len(labels)} label(s) are not in the taxonomy",
        came=", ".join(labels[:NAMED]),
        allowed=f"the {taxa} taxa of the file",
        hint="add a row for each, or correct the spelling of the labels",
    )
