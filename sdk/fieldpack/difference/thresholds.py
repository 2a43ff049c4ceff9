"""From which score a label counts as present: the contract's number, files of labels, and those of each
flavour.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fieldpack.bundle.read import Bundle
from fieldpack.difference.change import Change, Value
from fieldpack.difference.labels import LabelDifference

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIKE = 1e-6
"""Thresholds are float32 as text; a rounding is no change."""


def threshold_changes(old: Bundle, new: Bundle, labels: tuple[LabelDifference, ...]) -> Iterator[Change]:
    """Every threshold that is another one, for classes that both bundles have.

    Parameters
    ----------
    old, new : Bundle
        Open.
    labels : tuple of LabelDifference
        Which labels are the same class.
    """
    before = {item.name: item for item in old.manifest.contract.outputs}
    for output in new.manifest.contract.outputs:
        then = before.get(output.name)
        if then is None:
            continue
        for field in ("threshold", "refit"):
            first, second = getattr(then, field), getattr(output, field)
            if first != second:
                yield Change("thresholds.changed", f"outputs.{output.name}.{field}", first, second)
    shared = [item.name for item in old.manifest.flavours if new.manifest.flavour(item.name)]
    for found in labels:
        for flavour in (None, *shared):
            yield from _file_changes(old, new, found, flavour)


def _file_changes(old: Bundle, new: Bundle, labels: LabelDifference, flavour: str | None) -> Iterator[Change]:
    if (
        flavour is not None
        and not _own(old, labels.output, flavour)
        and not _own(new, labels.output, flavour)
    ):
        return
    subject = labels.output if flavour is None else f"{labels.output} of {flavour}"
    first, second = (bundle.thresholds(labels.output, flavour) for bundle in (old, new))
    if first is None or second is None:
        if first is not second:
            yield Change("thresholds.added" if first is None else "thresholds.removed", subject)
        return
    names = new.labels(labels.output)
    for one, other in labels.pairs:
        before, after = _stated(first, one), _stated(second, other)
        if not _alike(before, after):
            yield Change("thresholds.changed", f"{subject}: {names[other]}", before, after)


def _own(bundle: Bundle, output: str, flavour: str) -> bool:
    entry = bundle.manifest.flavour(flavour)
    return entry is not None and output in entry.thresholds


def _stated(values: NDArray[Any], number: int) -> float | None:
    value = float(values[number])
    return None if math.isnan(value) else float(f"{value:.6g}")


def _alike(one: Value, other: Value) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=ALIKE, abs_tol=ALIKE)
    return one is other
