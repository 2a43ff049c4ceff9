"""8-bit rounding in a forward pass, as a static int8 TFLite file rounds; gradients pass straight through.

Weights: symmetric, one scale an output channel, -127 to 127. Activations: asymmetric, one scale a tensor,
-128 to 127, zero kept exactly. Jacob et al. 2018, "Quantization and training of neural networks for
efficient integer-arithmetic-only inference".
"""

from __future__ import annotations

from typing import Any

SMOOTHING = 0.95
"""Share of the old range in each step's new one."""
TINY = 1e-9


def weight_steps(weight: Any) -> Any:
    """Scale of each output channel, the largest magnitude over 127; outputs are the first axis."""
    axes = tuple(range(1, weight.dim()))
    return (weight.abs().amax(dim=axes, keepdim=True) / 127.0).clamp_min(TINY)


def rounded_weights(weight: Any) -> Any:
    """The weight on its grid."""
    import torch

    steps = weight_steps(weight)
    return weight + (torch.round(weight / steps) * steps - weight).detach()


def rounded_activation(values: Any, low: float, high: float) -> Any:
    """Values on the 256 levels of a range that is widened to hold zero; those beyond are clipped."""
    import torch

    low, high = min(low, 0.0), max(high, 0.0)
    step = max((high - low) / 255.0, TINY)
    zero = round(-128.0 - low / step)
    inside = values.clamp((-128.0 - zero) * step, (127.0 - zero) * step)
    return inside + (torch.round(inside / step) * step - inside).detach()


class WatchedRange:
    """The range of one tensor: the mean of what batches show, weighted towards the last ones."""

    def __init__(self) -> None:
        self._ends: tuple[float, float] | None = None

    def __call__(self, values: Any, fixed: bool) -> Any:
        """Take the batch in unless the ranges are fixed, and round it."""
        if not fixed or self._ends is None:
            seen = float(values.detach().min()), float(values.detach().max())
            old = self._ends or seen
            self._ends = (
                SMOOTHING * old[0] + (1 - SMOOTHING) * seen[0],
                SMOOTHING * old[1] + (1 - SMOOTHING) * seen[1],
            )
        low, high = self.ends()
        return rounded_activation(values, low, high)

    def ends(self) -> tuple[float, float]:
        """(low, high), zero among them."""
        low, high = self._ends or (0.0, 0.0)
        return min(low, 0.0), max(high, 0.0)

    def set(self, ends: list[float]) -> None:
        """Put a range in place."""
        self._ends = (ends[0], ends[1])
