"""Compare the values of a regression or raster model with those of its source."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from fieldpack.errors import InputError
from fieldpack.parity.cosine import centred_cosine
from fieldpack.parity.pairing import Floats, Numbers, paired_arrays, row_blocks
from fieldpack.parity.record import OutputChange, Parity, bounded_figure, exact_figure
from fieldpack.statistics.bootstrap import bootstrap_mean
from fieldpack.statistics.interval import Interval
from fieldpack.verdict import Evidence

LISTED = 64
"""An embedding has hundreds of numbers, none of which means anything alone."""


def compare_values(
    source: ArrayLike,
    flavour: ArrayLike,
    *,
    blocks: ArrayLike | None = None,
    evidence: Evidence = Evidence.HOST,
) -> Parity:
    """Compare two regressions on the same items.

    Parameters
    ----------
    source, flavour : array_like [N, ..., C], real
        Values with the outputs on the last axis; a raster is [N, H, W, C], and a plain [N] is one
        output. All in the unit of the output.
    blocks : array_like [N], optional
        Group of items that are not independent (tile, site).
    evidence : Evidence
        How the flavour was run.

    Returns
    -------
    Parity
        ``max_abs_error``, ``mean_abs_error``, ``rmse``, ``bias`` (flavour less source) over all
        outputs, ``centred_cosine`` and ``worst_centred_cosine`` (lowest of any output), and one
        ``output_changes`` entry for each output; of more than `LISTED` those with the largest ``rmse``.

    Raises
    ------
    InputError
        When shapes or types do not fit.
    """
    first, second = (_three_axes(array) for array in paired_arrays(source, flavour))
    items, _, outputs = first.shape
    if not first[:1].size and items:
        raise InputError("the outputs are empty", came=first.shape, allowed="at least one value an item")
    errors = _Errors(first, second)
    changes = tuple(_output_change(first, second, index) for index in range(outputs)) if items else ()
    whole = float(errors.finite.mean()) if items else None
    figures = (
        exact_figure("finite", whole, evidence, items),
        exact_figure("max_abs_error", float(errors.largest.max()) if items else None, evidence, items),
        bounded_figure(
            "mean_abs_error", bootstrap_mean(errors.absolute, blocks=blocks, support=(0, math.inf)), evidence
        ),
        bounded_figure(
            "rmse", _root(bootstrap_mean(errors.square, blocks=blocks, support=(0, math.inf))), evidence
        ),
        bounded_figure("bias", bootstrap_mean(errors.signed, blocks=blocks), evidence),
        exact_figure("centred_cosine", centred_cosine(first, second), evidence, items),
        exact_figure("worst_centred_cosine", _lowest(changes), evidence, items),
    )
    broken = int((~errors.finite).sum())
    notes = [f"{broken} items have values that are NaN or infinite"] if broken else []
    if len(changes) > LISTED:
        notes.append(f"{LISTED} of {outputs} outputs are listed, those with the largest rmse")
    return Parity(
        items,
        outputs,
        not broken,
        figures,
        {"broken_items": broken},
        output_changes=_largest(changes),
        notes=tuple(notes),
    )


def _largest(changes: tuple[OutputChange, ...]) -> tuple[OutputChange, ...]:
    """By index; broken ones count as the largest."""

    def rank(change: OutputChange) -> tuple[float, int]:
        return -math.inf if math.isnan(change.rmse) else -change.rmse, change.index

    return tuple(sorted(sorted(changes, key=rank)[:LISTED], key=lambda one: one.index))


class _Errors:
    """Mean error of every item, [N]; NaN where a value is broken."""

    def __init__(self, source: Numbers, flavour: Numbers) -> None:
        items = len(source)
        self.finite = np.zeros(items, dtype=np.bool_)
        self.largest, self.absolute, self.square, self.signed = (np.zeros(items) for _ in range(4))
        for part in row_blocks(items, source[:1].size):
            with np.errstate(invalid="ignore", over="ignore"):
                gap = flavour[part].astype(np.float64) - source[part].astype(np.float64)
                gap[~np.isfinite(gap)] = np.nan
                self.finite[part] = np.isfinite(gap).all(axis=(1, 2))
                self.largest[part] = np.abs(gap).max(axis=(1, 2))
                self.absolute[part] = np.abs(gap).mean(axis=(1, 2))
                self.square[part] = np.square(gap).mean(axis=(1, 2))
                self.signed[part] = gap.mean(axis=(1, 2))


def _three_axes(array: Numbers) -> Numbers:
    if array.ndim == 1:
        return array.reshape(-1, 1, 1)
    inner = math.prod(array.shape[1:-1])
    return array.reshape(array.shape[0], inner, array.shape[-1])


def _output_change(source: Numbers, flavour: Numbers, index: int) -> OutputChange:
    first, second = source[:, :, index : index + 1], flavour[:, :, index : index + 1]
    errors = _Errors(first, second)
    return OutputChange(
        index=index,
        max_abs_error=float(errors.largest.max()),
        mean_abs_error=float(errors.absolute.mean()),
        rmse=math.sqrt(float(errors.square.mean())),
        bias=float(errors.signed.mean()),
        centred_cosine=centred_cosine(_flat(first), _flat(second)),
    )


def _flat(values: Numbers) -> Floats:
    return np.asarray(values.reshape(-1, 1), dtype=np.float64)


def _root(square: Interval) -> Interval:
    return Interval(math.sqrt(square.estimate), math.sqrt(square.low), math.sqrt(square.high), square.n)


def _lowest(changes: tuple[OutputChange, ...]) -> float | None:
    values = [change.centred_cosine for change in changes if change.centred_cosine is not None]
    if any(math.isnan(value) for value in values):
        return math.nan
    return min(values, default=None)
