"""Cosine between two outputs, plain and centred.

Outputs share a large common part (the mean over items), which alone drives the plain cosine
to 0.999 and hides a broken flavour. The centred cosine takes the source's mean over items off
both first; it is the one to gate, the plain one is reported for comparison with others.
"""

from __future__ import annotations

import math

import numpy as np

from fieldpack.parity.pairing import Floats, Numbers, finite_rows, row_blocks


def plain_cosine(source: Numbers, flavour: Numbers) -> float | None:
    """Cosine of all numbers of two arrays [N, ...]; ``None`` when one is all zeros, NaN if broken."""
    return _cosine(*_products(source, flavour, np.zeros(source.shape[1:])))


def centred_cosine(source: Numbers, flavour: Numbers) -> float | None:
    """Cosine after the source's mean over items is taken off both, [N, ...].

    ``None`` when either does not vary around that mean, as with a single item: there is then
    nothing to compare.
    """
    return _cosine(*_products(source, flavour, _mean(source)))


def _mean(source: Numbers) -> Floats:
    """Mean over items, taken around the first one: exact for an output that does not vary."""
    if not len(source):
        return np.zeros(source.shape[1:])
    first = finite_rows(source[:1])[0][0]
    rest = np.zeros(source.shape[1:])
    with np.errstate(over="ignore", invalid="ignore"):
        for part in row_blocks(len(source), _columns(source)):
            rest += (finite_rows(source[part])[0] - first).sum(axis=0)
        return np.asarray(first + rest / len(source))


def _products(source: Numbers, flavour: Numbers, mean: Floats) -> tuple[float, float, float]:
    """Sums of a*b, a*a, b*b over the centred outputs; NaN where any number is broken."""
    sums = np.zeros(3)
    for part in row_blocks(len(source), _columns(source)):
        first, source_whole = finite_rows(source[part])
        second, flavour_whole = finite_rows(flavour[part])
        if not (source_whole.all() and flavour_whole.all()):
            return math.nan, math.nan, math.nan
        with np.errstate(over="ignore", invalid="ignore"):
            first, second = first - mean, second - mean
            sums += (first * second).sum(), np.square(first).sum(), np.square(second).sum()
    return float(sums[0]), float(sums[1]), float(sums[2])


def _cosine(both: float, own: float, other: float) -> float | None:
    scale = math.sqrt(own) * math.sqrt(other)
    if not (math.isfinite(scale) and math.isfinite(both)):
        return math.nan
    return None if scale == 0 else max(-1.0, min(1.0, both / scale))


def _columns(array: Numbers) -> int:
    return int(np.prod(array.shape[1:], dtype=np.int64))
