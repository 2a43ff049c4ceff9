"""What came out of a run, in a few numbers: range, mean, and the largest entries of a vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Top:
    """One of the largest entries: its place, its label where there is one, its value."""

    index: int
    label: str | None
    value: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"index": self.index, "label": self.label, "value": self.value}


@dataclass(frozen=True, slots=True)
class OutputFacts:
    """One output in short.

    Attributes
    ----------
    name, shape, dtype
        Of the array.
    low, high, mean : float or None
        Over the finite values; None for texts and empty arrays.
    not_finite : int
        How many values are NaN or infinite.
    text : str or None
        The value itself where it is a text or a single number.
    top : tuple of Top
        The largest entries of a vector, largest first.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    low: float | None
    high: float | None
    mean: float | None
    not_finite: int
    text: str | None
    top: tuple[Top, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "min": self.low,
            "max": self.high,
            "mean": self.mean,
            "not_finite": self.not_finite,
            "value": self.text,
            "top": [item.as_dict() for item in self.top],
        }


def summarise(
    outputs: Mapping[str, NDArray[Any]], labels: Sequence[object] | None, top: int = 5
) -> list[OutputFacts]:
    """Facts of every output; `labels` name the entries of vectors of their length."""
    return [_facts(name, np.asarray(array), labels, top) for name, array in outputs.items()]


def _facts(name: str, array: NDArray[Any], labels: Sequence[object] | None, top: int) -> OutputFacts:
    text = str(array.item()) if array.size == 1 else None
    if array.dtype.kind not in "fiub" or array.size == 0:
        return OutputFacts(name, array.shape, _dtype(array), None, None, None, 0, text, ())
    numbers = array.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    low, high, mean = (finite.min(), finite.max(), finite.mean()) if finite.size else (None, None, None)
    lost = int(array.size - finite.size)
    entries = _top(numbers, labels, top)
    return OutputFacts(
        name, array.shape, _dtype(array), _float(low), _float(high), _float(mean), lost, text, entries
    )


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _dtype(array: NDArray[Any]) -> str:
    return "text" if array.dtype.kind in "UOS" else str(array.dtype)


def _top(numbers: NDArray[Any], labels: Sequence[object] | None, top: int) -> tuple[Top, ...]:
    """The largest entries of what has one axis longer than 1; equal ones in their order."""
    if numbers.size < 2 or numbers.size != max(numbers.shape):
        return ()
    flat = numbers.reshape(-1)
    named = labels if labels is not None and len(labels) == flat.size else None
    order = np.argsort(-flat, kind="stable")[:top]
    return tuple(
        Top(int(index), None if named is None else str(named[index]), float(flat[index])) for index in order
    )
