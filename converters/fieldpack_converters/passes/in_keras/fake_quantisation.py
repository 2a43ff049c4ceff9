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


def weight_steps(kernel: Any, axes: tuple[int, ...]) -> Any:
    """Scale of each output channel, the largest magnitude over 127; ``axes`` are all others."""
    import tensorflow as tf

    return tf.maximum(tf.reduce_max(tf.abs(kernel), axis=axes, keepdims=True) / 127.0, TINY)


def rounded_weights(kernel: Any, axes: tuple[int, ...]) -> Any:
    """The kernel on its grid."""
    import tensorflow as tf

    steps = weight_steps(kernel, axes)
    return kernel + tf.stop_gradient(tf.round(kernel / steps) * steps - kernel)


def rounded_activation(values: Any, low: Any, high: Any) -> Any:
    """Values on the 256 levels of a range that is widened to hold zero; those beyond are clipped."""
    import tensorflow as tf

    low, high = tf.minimum(low, 0.0), tf.maximum(high, 0.0)
    step = tf.maximum((high - low) / 255.0, TINY)
    zero = tf.round(-128.0 - low / step)
    inside = tf.clip_by_value(values, (-128.0 - zero) * step, (127.0 - zero) * step)
    return inside + tf.stop_gradient(tf.round(inside / step) * step - inside)


class WatchedRange:
    """The range of one tensor: the mean of what batches show, weighted towards the last ones."""

    def __init__(self, fixed: Any) -> None:
        import tensorflow as tf

        self._fixed = fixed
        self._ends = tf.Variable([float("nan")] * 2, trainable=False, dtype=tf.float32)

    def __call__(self, values: Any) -> Any:
        """Take the batch in unless the ranges are fixed, and round it."""
        import tensorflow as tf

        seen = tf.stop_gradient(tf.stack([tf.reduce_min(values), tf.reduce_max(values)]))
        old = self._ends.read_value()
        blended = tf.where(tf.math.is_nan(old), seen, SMOOTHING * old + (1 - SMOOTHING) * seen)
        ends = tf.where(self._fixed, old, blended)
        self._ends.assign(ends)
        return rounded_activation(values, ends[0], ends[1])

    def ends(self) -> list[float]:
        """[low, high], zero among them."""
        low, high = (float(value) for value in self._ends.numpy())
        return [min(low, 0.0), max(high, 0.0)]

    def set(self, ends: list[float]) -> None:
        """Put a range in place."""
        self._ends.assign(ends)
