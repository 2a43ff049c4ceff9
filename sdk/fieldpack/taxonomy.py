"""Taxonomies: which taxon belongs to which, and how near two labels are.

The file is CSV with the columns ``taxon`` and ``parent``, one row a taxon; a root has an empty parent.
Labels are taxa of the file, leaves or not.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fieldpack.errors import ContractError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COLUMNS = ("taxon", "parent")


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A forest of taxa.

    Attributes
    ----------
    parents : mapping of str to str
        Taxon -> its parent, ``""`` for a root; closed and without cycles.
    """

    parents: Mapping[str, str]

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

        self.check(labels)
        lines = [self.line(label) for label in labels]
        known = [set(line) for line in lines]
        near = np.zeros((len(labels), len(labels)), np.float32)
        for row, line in enumerate(lines):
            for column in range(row, len(lines)):
                common = next((len(line) - k for k, taxon in enumerate(line) if taxon in known[column]), 0)
                near[row, column] = near[column, row] = 2 * common / (len(line) + len(lines[column]))
        return near

    def check(self, labels: Sequence[str]) -> None:
        """Raise ContractError unless every label is a taxon."""
        strange = [label for label in labels if label not in self.parents]
        if strange:
            raise ContractError(
                f"{len(strange)} label(s) are not in the taxonomy",
                came=", ".join(strange[:5]),
                allowed=f"the {len(self.parents)} taxa of the file",
                hint="add a row for each, or correct the spelling of the labels",
            )


def parse_taxonomy(data: bytes, where: str) -> Taxonomy:
    """Read a taxonomy file.

    Parameters
    ----------
    data : bytes
        UTF-8 CSV with the columns ``taxon,parent``; other columns are left out.
    where : str
        Name of the file, for the message.

    Raises
    ------
    ContractError
        It is not UTF-8, a column is missing, a taxon is empty or comes twice, a parent is missing, or the
        parents run in a circle.
    """
    try:
        rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
        if missing:
            raise ContractError(
                f"{where} lacks the column {missing[0]!r}",
                came=", ".join(rows.fieldnames or ()) or "no header",
                allowed=", ".join(COLUMNS),
            )
        listed = [(str(row["taxon"] or ""), str(row["parent"] or "")) for row in rows]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ContractError(f"{where} is no CSV file in UTF-8", came=str(error)) from error
    parents = dict(listed)
    _check_rows(listed, parents, where)
    _check_circles(parents, where)
    return Taxonomy(parents)


def _check_rows(listed: list[tuple[str, str]], parents: dict[str, str], where: str) -> None:
    if not listed or "" in parents:
        raise ContractError(f"{where} has a row without a taxon", allowed="a name in every row")
    if len(parents) != len(listed):
        names = [taxon for taxon, _ in listed]
        double = sorted({taxon for taxon in names if names.count(taxon) > 1})
        raise ContractError(f"{where} lists a taxon twice", came=", ".join(double[:5]))
    orphans = [f"{taxon} -> {parent}" for taxon, parent in listed if parent and parent not in parents]
    if orphans:
        raise ContractError(
            f"{where} lacks a parent", came=", ".join(orphans[:5]), hint="add a row for each parent"
        )


def _check_circles(parents: dict[str, str], where: str) -> None:
    sound: set[str] = {""}
    for start in parents:
        path: list[str] = []
        taxon = start
        while taxon not in sound:
            if taxon in path:
                circle = [*path[path.index(taxon) :], taxon]
                raise ContractError(f"the parents in {where} run in a circle", came=" -> ".join(circle[:8]))
            path.append(taxon)
            taxon = parents[taxon]
        sound.update(path)
