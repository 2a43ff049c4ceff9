"""What the flavours of two bundles answer to the golden vectors that both hold, and which answers flipped.

A bundle keeps what each flavour gave when it was built, and ``fieldpack verify`` proves that it still does;
so nothing has to be run. A vector is in common when its id and every number of its inputs are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fieldpack.bundle.read import Bundle
from fieldpack.difference.change import Change
from fieldpack.difference.labels import LabelDifference

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALIKE = 1e-5
"""Of the largest absolute golden output: float kernels of other processors differ by less."""


@dataclass(frozen=True, slots=True)
class Flip:
    """An example whose top answer changed.

    Attributes
    ----------
    id : str
        Of the example.
    row : int
        Its place among the golden vectors of the old bundle, or in the data that was given.
    old, new : str
        Labels of the top answers.
    old_score, new_score : float
        What the models gave for them.
    truth : str or None
        The right label, where it is known.
    """

    id: str
    row: int
    old: str
    new: str
    old_score: float
    new_score: float
    truth: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class PairedAccuracy:
    """Top-1 accuracy of both on the same examples.

    Attributes
    ----------
    n : int
        Examples with a label.
    old, new : float
        Shares that are right.
    losses, gains : int
        Right before and wrong now, and the other way round.
    low, high : float
        One-sided 95 % bounds of the change, `new` less `old`; see
        :func:`fieldpack.statistics.paired.paired_drop`.
    """

    n: int
    old: float
    new: float
    losses: int
    gains: int
    low: float
    high: float

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class AnswerDifference:
    """One output of one flavour on the examples in common.

    Attributes
    ----------
    flavour, output : str
        Which.
    count : int
        Examples in common.
    largest : float or None
        Largest absolute difference over the numbers that both outputs have; None without examples in common,
        or where shapes do not meet.
    same : bool
        Whether the answers are the same, up to the arithmetic of other processors.
    flips : tuple of Flip
        Examples with another top answer; empty where no answer is the top one.
    ranks : bool
        Whether one answer is the top one, so that it can flip.
    accuracy : PairedAccuracy or None
        Where the examples have labels.
    """

    flavour: str
    output: str
    count: int
    largest: float | None
    same: bool
    flips: tuple[Flip, ...]
    ranks: bool = False
    accuracy: PairedAccuracy | None = None

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {
            "flavour": self.flavour,
            "output": self.output,
            "count": self.count,
            "largest": self.largest,
            "same": self.same,
            "ranks": self.ranks,
            "accuracy": None if self.accuracy is None else self.accuracy.as_dict(),
            "flips": [flip.as_dict() for flip in self.flips],
        }


def answer_differences(
    old: Bundle, new: Bundle, labels: tuple[LabelDifference, ...]
) -> tuple[AnswerDifference, ...]:
    """Every output of every flavour that both bundles have, on the golden vectors in common."""
    rows = common_vectors(old, new)
    known = {item.output: item for item in labels}
    found = []
    for entry in old.manifest.flavours:
        if new.manifest.flavour(entry.name) is None:
            continue
        first, second = (bundle.flavour_golden(entry.name) for bundle in (old, new))
        for output in (name for name in first if name in second):
            pair = Pair(old, new, output, known.get(output))
            found.append(pair.compared(entry.name, first[output], second[output], rows))
    return tuple(found)


def answer_changes(old: Bundle, new: Bundle, answers: tuple[AnswerDifference, ...]) -> Iterator[Change]:
    """Flavours whose answers changed, or cannot be shown to be the same."""
    for item in answers:
        before, after = (bundle.manifest.flavour(item.flavour) for bundle in (old, new))
        if before is None or after is None or before.digest == after.digest:
            continue
        where = f"{item.output} of {item.flavour}"
        if item.largest is None:
            yield Change("outputs.unproven", where)
        elif not item.same:
            yield Change(
                "outputs.changed", where, None, f"by up to {item.largest:.3g}, {len(item.flips)} flips"
            )


def golden_changes(old: Bundle, new: Bundle) -> Iterator[Change]:
    """Whether the golden vectors are others."""
    first, second = old.manifest.golden, new.manifest.golden
    common = len(common_vectors(old, new))
    if common != len(first.ids) or common != len(second.ids):
        yield Change("golden.changed", f"golden, {common} in common", len(first.ids), len(second.ids))


def common_vectors(old: Bundle, new: Bundle) -> list[tuple[int, int]]:
    """Rows of the golden vectors that both bundles hold, in the order of the old one."""
    import numpy as np

    first, second = old.golden_inputs(), new.golden_inputs()
    if first.keys() != second.keys():
        return []
    places = {name: row for row, name in enumerate(new.manifest.golden.ids)}
    pairs = [(row, places[name]) for row, name in enumerate(old.manifest.golden.ids) if name in places]
    return [
        (one, other)
        for one, other in pairs
        if all(np.array_equal(array[one], second[name][other]) for name, array in first.items())
    ]


class Pair:
    """One output in both bundles, with the classes that are the same."""

    def __init__(self, old: Bundle, new: Bundle, output: str, labels: LabelDifference | None) -> None:
        declared = next(item for item in old.manifest.contract.outputs if item.name == output)
        self.output, self.labels = output, labels
        self.classifies = labels is not None and declared.activation.classifies
        self._names = [bundle.labels(output) for bundle in (old, new)]
        self._ids = old.manifest.golden.ids

    def compared(
        self,
        flavour: str,
        old: NDArray[Any],
        new: NDArray[Any],
        rows: list[tuple[int, int]],
        ids: Sequence[str] | None = None,
        truth: NDArray[Any] | None = None,
    ) -> AnswerDifference:
        """Compare outputs [N, ...] of one flavour on pairs of rows.

        Without `ids` the rows are golden vectors; `truth` [N] are numbers of the new labels, negative for
        none.
        """
        import numpy as np

        first = old[[row for row, _ in rows]].astype(np.float64)
        second = new[[row for _, row in rows]].astype(np.float64)
        largest, same = self._distance(first, second)
        ranks = self.classifies and all(item.ndim == 2 and item.shape[1] > 1 for item in (first, second))
        flips: tuple[Flip, ...] = ()
        if ranks and rows:
            names = [(self._ids if ids is None else ids)[row] for row, _ in rows]
            right = None if truth is None else [self._truth(int(truth[row])) for _, row in rows]
            flips = tuple(self.flips(first, second, names, [row for row, _ in rows], right))
        same = same and not flips
        return AnswerDifference(flavour, self.output, len(rows), largest, same, flips, ranks)

    def flips(
        self,
        old: NDArray[np.float64],
        new: NDArray[np.float64],
        ids: list[str],
        rows: list[int],
        truth: list[str | None] | None = None,
    ) -> Iterator[Flip]:
        """Examples with another top class; `old` and `new` are scores [N, classes] of each bundle."""
        if self.labels is None:
            return
        after = dict(self.labels.pairs)
        for place, (one, other) in enumerate(zip(old.argmax(axis=1), new.argmax(axis=1), strict=True)):
            if after.get(int(one)) != int(other):
                yield Flip(
                    ids[place],
                    rows[place],
                    self._names[0][one],
                    self._names[1][other],
                    float(old[place, one]),
                    float(new[place, other]),
                    None if truth is None else truth[place],
                )

    def _truth(self, number: int) -> str | None:
        return self._names[1][number] if number >= 0 else None

    def _distance(self, old: NDArray[Any], new: NDArray[Any]) -> tuple[float | None, bool]:
        import numpy as np

        if not len(old):
            return None, False
        if self.labels is not None and old.ndim == 2 and new.ndim == 2:
            columns = np.array(self.labels.pairs, np.int64).reshape(-1, 2)
            old, new = old[:, columns[:, 0]], new[:, columns[:, 1]]
        if old.shape != new.shape:
            return None, False
        largest = float(np.abs(old - new).max(initial=0.0))
        return largest, largest <= ALIKE * float(np.abs(old).max(initial=0.0))
