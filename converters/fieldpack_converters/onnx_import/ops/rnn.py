"""``RNN``: a layer of the simplest recurrent cell, forward, reverse or both.

Covers versions 7, 14 and 22 of the operator.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack_converters.onnx_import.recurrent import Settings, run_recurrent, with_native_weights

VERSIONS = (7, 14, 22)


def run(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None = None,
    sequence_lens: tuple[int, ...] | None = None,
    initial_h: Tensor | None = None,
    *,
    hidden_size: int | None = None,
    direction: str = "forward",
    layout: int = 0,
    activations: tuple[str, ...] = (),
    activation_alpha: tuple[float, ...] = (),
    activation_beta: tuple[float, ...] = (),
    clip: float | None = None,
    native: tuple[Tensor, ...] | None = None,
) -> tuple[Tensor, ...]:
    settings = Settings("RNN", direction, layout, activations, activation_alpha, activation_beta, clip)
    return run_recurrent(x, (w, r, b), sequence_lens, (initial_h,), settings, native)


def prepare(arguments: dict[str, Any]) -> dict[str, Any]:
    """Known weights in torch's order of gates, where torch's own layer computes the same."""
    return with_native_weights("RNN", arguments)
