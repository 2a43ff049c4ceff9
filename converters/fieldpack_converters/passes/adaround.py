"""Rounding up or down so that a layer's answer stays, not its weights.

Nagel et al., "Up or Down? Adaptive Rounding for Post-Training Quantization" (2020): each weight gets a soft
choice between its two neighbours on the grid, the squared error of the layer's answer is minimised, and a
growing penalty drives every choice to one side. The error of a linear layer is a quadratic form in the
second moments of its inputs, so a step costs the same however much calibration data there is. GPTQ's
steps (``gptq.py``) are the starting choice; each output keeps the better of start, result and nearest.
"""

from __future__ import annotations

import numpy as np

from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes import gptq
from fieldpack_converters.passes.grid import Grid

_LOW, _HIGH = -0.1, 1.1
_WARM_UP = 0.2
_START, _END = 20.0, 2.0
_PENALTY, _RATE = 0.01, 0.01
DAMPING = 0.01


def chosen(
    weights: Array, target: Array, moments: Array, grid: Grid, iterations: int, kept: Array | None = None
) -> Array:
    """Steps int8 [O, K].

    Parameters
    ----------
    weights : ndarray
        float32 [O, K], which the grid belongs to.
    target : ndarray
        float32 [O, K], weights whose answer is wanted; those of the float layer where its inputs are
        the same.
    moments : ndarray
        float64 [g, K, K] of the inputs; rows of the matrix are split evenly over the g groups.
    grid : Grid
        Scales.
    iterations : int
        Steps of the optimiser.
    kept : ndarray, optional
        bool [O, K], False where the step must be 0; all True where None.
    """
    held = grid.held(weights)
    kept = np.ones(weights.shape, bool) if kept is None else kept
    start = _grouped_gptq(target, held, moments, grid, kept)
    soft = _optimised(target, start, moments, grid, iterations, kept)
    candidates = [np.where(held, held, steps * kept) for steps in (grid.nearest(target), start, soft)]
    losses = np.stack([row_losses(target - grid.real(steps), moments) for steps in candidates])
    best = losses.argmin(axis=0)
    return np.asarray(np.choose(best[:, None], candidates), np.int8)


def row_losses(lost: Array, moments: Array) -> Array:
    """Mean square of each output's error, float64 [O]."""
    grouped = lost.reshape(moments.shape[0], -1, lost.shape[1]).astype(np.float64)
    return np.asarray(((grouped @ moments) * grouped).sum(axis=2).reshape(-1))


def _grouped_gptq(target: Array, held: Array, moments: Array, grid: Grid, kept: Array) -> Array:
    """GPTQ group by group."""
    parts = []
    for number, part in enumerate(np.split(np.arange(target.shape[0]), moments.shape[0])):
        own = Grid(grid.scales[part], grid.last, grid.width)
        parts.append(gptq.rounded(target[part], moments[number], own, DAMPING, held[part], kept[part]))
    return np.concatenate(parts)


def _optimised(
    target: Array, start: Array, moments: Array, grid: Grid, iterations: int, kept: Array
) -> Array:
    import torch

    scale = torch.from_numpy(grid.spread(slice(None)))
    wanted = torch.from_numpy(np.asarray(target, np.float32)) / scale
    begun = torch.from_numpy(start.astype(np.float32))
    free = torch.from_numpy(kept.astype(np.float32))
    # The two choices: the start, and its neighbour on the side of the wanted weight.
    below = torch.where(begun <= wanted, begun, begun - 1).clamp(-grid.last, grid.last - 1)
    share = 0.3 + 0.4 * (begun - below)
    logit = torch.log((share - _LOW) / (_HIGH - share)).requires_grad_()
    form = torch.from_numpy(moments.astype(np.float32))
    groups, columns = form.shape[0], form.shape[1]
    optimiser = torch.optim.Adam([logit], lr=_RATE)
    unit = max(float(row_losses(target - grid.real(start), moments).mean()), 1e-30)
    for number in range(iterations):
        soft = (torch.sigmoid(logit) * (_HIGH - _LOW) + _LOW).clamp(0, 1)
        lost = (((below + soft) * free - wanted) * scale).reshape(groups, -1, columns)
        loss = ((lost @ form) * lost).sum(dim=2).mean() / unit
        done = number / iterations
        if done >= _WARM_UP:
            power = _END + 0.5 * (_START - _END) * (1 + np.cos((done - _WARM_UP) / (1 - _WARM_UP) * np.pi))
            loss = loss + _PENALTY * (1 - (2 * soft - 1).abs() ** power).sum() / soft.shape[0]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    upper = (torch.sigmoid(logit.detach()) * (_HIGH - _LOW) + _LOW) >= 0.5
    return np.asarray((below + upper).clamp(-grid.last, grid.last).numpy(), np.int8)
