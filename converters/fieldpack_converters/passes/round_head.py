"""The pass ``round_head``: GPTQ rounding of dense layers on the covariance of their real features.

The rounded weights are written back as floats of the grid, so that every converter stores the same
integers. The mean error of each class goes into its bias, where the layer has one. Zeros that
``prune_weights`` placed stay on step 0. With ``weighting = "border"`` covariance and mean are those of the
rows where a label is undecided (``border.py``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import RoundHead
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes import gptq
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.border import Border, borders, rows_wanted
from fieldpack_converters.passes.grid import Grid, grid_of, row_slices
from fieldpack_converters.passes.moments import moments_of, sampled_inputs
from fieldpack_converters.passes.subject import Examples, Subject
from fieldpack_converters.passes.weighted_layers import WeightedLayer, matching, matrix, set_matrix
from fieldpack_converters.passes.zeros import kept_matrix

_SAME = 1e-2


def apply(subject: Subject, step: RoundHead) -> Applied:
    """Round the named dense layers in place, one after another.

    Raises
    ------
    SpecError
        The border is asked for where scores are no sigmoids, or of a layer that is not the last one.
    """
    layers = matching(subject.opened, step.layers, dense_only=True)
    examples = subject.calibration_data()
    facts = {}
    for number, layer in enumerate(layers):
        subject.report(f"round {layer.name}", number / len(layers))
        facts[layer.name] = _round(subject, layer, examples, step)
    return Applied(subject.opened, tuple(layer.name for layer in layers), {"layers": facts})


def _round(subject: Subject, layer: WeightedLayer, examples: Examples, step: RoundHead) -> dict[str, Any]:
    weights, bias, kept = matrix(layer), layer.bias(), kept_matrix(layer, subject.masks)
    rows, parts = (_border if step.weighting == "border" else _everywhere)(subject, layer, examples)
    rounded, moved = np.empty_like(weights), np.zeros(len(weights), np.float32)
    before = after = 0.0
    for part in parts:
        own, moments = weights[part.labels], part.moments
        grid = grid_of(own, step.bits, step.block_size, np.diag(moments) if step.bits == 4 else None)
        steps = gptq.rounded(
            own, moments, grid, step.damping, kept=None if kept is None else kept[part.labels]
        )
        before += _error(own, grid, grid.nearest(own), moments)
        after += _error(own, grid, steps, moments)
        real = grid.real(steps)
        rounded[part.labels] = real
        moved[part.labels] = (own - real) @ part.mean.astype(np.float32)
    if bias is not None:
        layer.set_bias(bias + moved)
    set_matrix(layer, rounded)
    return {
        "rows": rows,
        "groups": len(parts),
        "nearest_mean_square": before / len(weights),
        "mean_square": after / len(weights),
    }


def _everywhere(subject: Subject, layer: WeightedLayer, examples: Examples) -> tuple[int, list[Border]]:
    """Rows that were counted, and all labels with the moments of all of them."""
    found = moments_of(subject.opened, layer, examples, subject.seed)
    moments = found.second()[0] if layer.bias() is None else found.covariance[0]
    return found.rows, [Border(np.arange(layer.weights().shape[0]), moments, found.mean[0])]


def _border(subject: Subject, layer: WeightedLayer, examples: Examples) -> tuple[int, list[Border]]:
    """Rows that were looked at, and labels in groups with the moments of their border."""
    weights, bias = matrix(layer), layer.bias()
    _check_last(subject, layer, examples)
    wanted = rows_wanted(len(weights))
    features = sampled_inputs(subject.opened, layer, examples, subject.seed, wanted)
    return len(features), borders(weights, bias, features, about_mean=bias is not None, seed=subject.seed)


def _check_last(subject: Subject, layer: WeightedLayer, examples: Examples) -> None:
    """The layer's sums must be the logits of the first output."""
    if subject.activation != "sigmoid":
        raise SpecError(
            "the border is known for labels that are scored one by one",
            came=subject.activation,
            allowed="sigmoid",
            hint='leave weighting at "features"',
        )
    size = subject.opened.fixed_batch or 1
    arrays = [np.array(array[:size]) for array in examples.inputs]
    features = sampled_inputs(subject.opened, layer, Examples(arrays, None), subject.seed, size)
    bias = layer.bias()
    logits = features @ matrix(layer).T + (0 if bias is None else bias)
    scores = subject.opened.call(arrays)[0]
    if scores.shape == logits.shape:
        chances = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        if min(np.abs(scores - chances).max(), np.abs(scores - logits).max()) <= _SAME:
            return
    raise SpecError(
        "the border was asked for of a layer that is not the last one before the scores",
        came=layer.name,
        hint="name the layer whose sums go into the sigmoid",
    )


def _error(weights: Array, grid: Grid, steps: Array, moments: Array) -> float:
    """Sum over the outputs of the mean square of their error."""
    total = 0.0
    for rows in row_slices(weights.shape[0]):
        lost = weights[rows] - steps[rows] * grid.spread(rows)
        total += float(np.einsum("ok,ok->", lost @ moments.astype(np.float32), lost))
    return total
