"""How a convolution walks over its input, in words that torch and Keras share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """How a convolution walks: one entry each spatial axis.

    Attributes
    ----------
    kernel, stride, dilation : tuple of int
    padding : tuple of (int, int) or str
        Zeros before and after each axis; ``same`` and ``causal`` as TensorFlow counts them.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[tuple[int, int], ...] | str

    def pads(self, sizes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Zeros before and after each axis of an input of these sizes."""
        if not isinstance(self.padding, str):
            return self.padding
        found = []
        for size, kernel, stride, dilation in zip(
            sizes, self.kernel, self.stride, self.dilation, strict=True
        ):
            reach = (kernel - 1) * dilation + 1
            total = max((-(-size // stride) - 1) * stride + reach - size, 0)
            found.append((reach - 1, 0) if self.padding == "causal" else (total // 2, total - total // 2))
        return tuple(found)
