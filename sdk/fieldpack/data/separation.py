"""Whether data sets are what they must be to each other: without a common example, and of one range."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.data.prepared import Prepared
from fieldpack.data.store import release
from fieldpack.errors import SpecError

OUTSIDE = 0.01
"""Share of an evaluation channel's values outside the calibration range from which a warning is given."""
SHIFT = 1.0
"""Distance of two channel means, in standard deviations of the evaluation channel, that is warned of."""
FEW = 8
"""Calibration examples below which ranges are told to rest on too little."""
BLANK = 256
"""An example of at least so many values that are all the same, such as digital silence, is nobody's."""


def check_apart(evaluation: Prepared, other: Prepared, name: str, judging: str = "evaluation") -> None:
    """Refuse a data set that has examples of the evaluation set.

    Examples are compared by their prepared bytes, so that a copy under another name is found. Blank ones do
    not count: two recordings that are filled up with silence share nothing that could be fitted.

    Parameters
    ----------
    evaluation, other : Prepared
    name : str
        Of the other table: ``calibration`` or ``training``.
    judging : str
        Of the table that judges.

    Raises
    ------
    SpecError
        They have examples in common.
    """
    known = dict(zip(_digests(other), other.ids, strict=True))
    known.pop(None, None)
    common = [
        (one, known[digest])
        for digest, one in zip(_digests(evaluation), evaluation.ids, strict=True)
        if digest in known
    ]
    if common:
        pairs = ", ".join(one if one == two else f"{one} (there {two})" for one, two in common[:5])
        raise SpecError(
            f"[data.{name}] and [data.{judging}] have examples in common",
            came=f"{len(common)} of {len(evaluation)}: {pairs}",
            allowed="no common example: what was fitted on cannot judge",
            hint="split the data by where, or by folder",
        )


def range_warnings(evaluation: Prepared, calibration: Prepared) -> list[str]:
    """What makes activation ranges of the calibration set doubtful for the evaluation set.

    Returns
    -------
    list of str
        Sentences with figures; none where nothing is wrong.
    """
    warnings = []
    if len(calibration) < FEW:
        warnings.append(
            f"[data.calibration] has {len(calibration)} example(s); fewer than {FEW} say too little of ranges"
        )
    for name, array in evaluation.inputs.items():
        warnings += _channel_warnings(name, array, calibration.inputs[name])
    return warnings


def _channel_warnings(name: str, evaluation: NDArray[Any], calibration: NDArray[Any]) -> Iterator[str]:
    ours, theirs = _Channels(evaluation), _Channels(calibration)
    if len(ours.mean) != len(theirs.mean):
        return
    outside = _outside(evaluation, theirs.low, theirs.high)
    for channel in range(len(ours.mean)):
        seen = f"calibration {theirs.told(channel)}; evaluation {ours.told(channel)}"
        if outside[channel] > OUTSIDE:
            yield (
                f"input {name}, channel {channel}: {outside[channel]:.1%} of the evaluation values "
                f"lie outside the calibration range ({seen})"
            )
        elif abs(ours.mean[channel] - theirs.mean[channel]) > SHIFT * max(ours.deviation[channel], 1e-12):
            yield f"input {name}, channel {channel}: calibration and evaluation have other means ({seen})"


class _Channels:
    """Least, largest, mean and deviation of each channel of pictures, of all values of anything else."""

    def __init__(self, array: NDArray[Any]) -> None:
        count = total = squares = 0.0
        self.low = self.high = np.zeros(0)
        for values in _rows(array):
            low, high = values.min(axis=0), values.max(axis=0)
            self.low = low if not count else np.minimum(self.low, low)
            self.high = high if not count else np.maximum(self.high, high)
            total, squares = total + values.sum(axis=0), squares + (values**2).sum(axis=0)
            count += len(values)
        self.mean = np.asarray(total) / count
        self.deviation = np.sqrt(np.maximum(np.asarray(squares) / count - self.mean**2, 0))

    def told(self, channel: int) -> str:
        """Range and mean of a channel."""
        return f"{self.low[channel]:.4g} to {self.high[channel]:.4g}, mean {self.mean[channel]:.4g}"


def _rows(array: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    channels = array.shape[-1] if array.ndim == 4 and array.shape[-1] <= 64 else 1
    for start in range(0, len(array), 32):
        yield np.asarray(array[start : start + 32], np.float64).reshape(-1, channels)
        release(array)


def _outside(array: NDArray[Any], low: NDArray[Any], high: NDArray[Any]) -> NDArray[Any]:
    found, count = np.zeros(len(low)), 0
    for values in _rows(array):
        found += ((values < low) | (values > high)).sum(axis=0)
        count += len(values)
    return found / count


def _digests(prepared: Prepared) -> list[bytes | None]:
    """One for each example, None for a blank one."""
    names = sorted(prepared.inputs)
    found: list[bytes | None] = []
    for row in range(len(prepared)):
        state = hashlib.sha256()
        arrays = [np.ascontiguousarray(prepared.inputs[name][row]) for name in names]
        for array in arrays:
            state.update(array.data)
        found.append(None if all(map(_is_blank, arrays)) else state.digest())
    for name in names:
        release(prepared.inputs[name])
    return found


def _is_blank(array: NDArray[Any]) -> bool:
    return array.size >= BLANK and bool((array == array.flat[0]).all())
