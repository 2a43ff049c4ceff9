"""What a layer may ask for while it is bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from fieldpack.coreml.arithmetic import Arithmetic, Precision
from fieldpack.coreml.neural.weights import read_weights

#: A bound layer: blobs in, one blob or several out.
Run = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Site:
    """Where a layer stands.

    Attributes
    ----------
    arithmetic : Arithmetic
    graph : callable
        Turns the message of an inner network into one that runs.
    inputs, outputs : int
        How many blobs the layer names.
    """

    arithmetic: Arithmetic
    graph: Callable[[Any], Any]
    inputs: int
    outputs: int

    def weights(self, params: Any, shape: Sequence[int], axis: int = 0) -> Tensor:
        """A weight as a tensor, rounded to float16 where the precision asks for it."""
        tensor: Tensor = self.arithmetic.torch.from_numpy(read_weights(params, shape, axis))
        return tensor.half().float() if self.arithmetic.precision is Precision.FP16 else tensor
