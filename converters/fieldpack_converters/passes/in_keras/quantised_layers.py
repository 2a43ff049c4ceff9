"""Layers with 8-bit weights: the batch norm behind each is folded in before the weights are rounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.in_keras.fake_quantisation import rounded_weights, weight_steps

KINDS = frozenset({"Conv2D", "DepthwiseConv2D", "Dense"})


def can_quantise(layer: Any) -> bool:
    """A dense layer, or a convolution without groups over pictures with channels last."""
    kind, last = type(layer).__name__, getattr(layer, "data_format", "channels_last") == "channels_last"
    return kind in KINDS and (kind != "Conv2D" or layer.groups == 1) and last


@dataclass(frozen=True, slots=True)
class QuantisedLayer:
    """A layer and the batch norm that alone reads its sum, if there is one."""

    layer: Any
    norm: Any | None

    def linear(self, values: Any) -> Any:
        """What the integer layer adds up, before any activation."""
        import tensorflow as tf

        kernel, bias = rounded_weights(self._folded(), self._axes), self._bias()
        layer, kind = self.layer, type(self.layer).__name__
        if kind == "Dense":
            made = tf.tensordot(values, kernel, 1)
        elif kind == "DepthwiseConv2D":
            made = tf.nn.depthwise_conv2d(
                values, kernel, (1, *layer.strides, 1), layer.padding.upper(), dilations=layer.dilation_rate
            )
        else:
            made = tf.nn.conv2d(
                values, kernel, layer.strides, layer.padding.upper(), dilations=layer.dilation_rate
            )
        return made if bias is None else made + bias

    def integers(self) -> Array:
        """int8 weights as TFLite keeps them: [outputs, *kernel, inputs], depthwise [1, *kernel, channels]."""
        folded, axes = self._folded(), self._axes
        whole = np.round(np.asarray(folded / weight_steps(folded, axes))).astype(np.int8)
        if self._is_depthwise:
            return np.ascontiguousarray(whole.reshape(1, *whole.shape[:2], -1))
        return np.ascontiguousarray(np.moveaxis(whole, -1, 0))

    def settle(self) -> None:
        """Leave the float weights on the grid, so that every converter finds the same integers."""
        folded = self._folded()
        on_grid = np.asarray(rounded_weights(folded, self._axes))
        gain = np.broadcast_to(1.0 if self.norm is None else np.asarray(self._gain()), on_grid.shape)
        kernel, old = self.kernel, self.kernel.numpy()
        alive = np.abs(gain) > 1e-6
        kernel.assign(np.where(alive, on_grid / np.where(alive, gain, 1.0), old))

    @property
    def kernel(self) -> Any:
        """The layer's weights; Keras 2 names those of a depthwise convolution after it."""
        named = getattr(self.layer, "depthwise_kernel", None)
        return self.layer.kernel if named is None else named

    @property
    def _is_depthwise(self) -> bool:
        return type(self.layer).__name__ == "DepthwiseConv2D"

    @property
    def _axes(self) -> tuple[int, ...]:
        return (0, 1) if self._is_depthwise else tuple(range(len(self.kernel.shape) - 1))

    def _folded(self) -> Any:
        import tensorflow as tf

        kernel = tf.convert_to_tensor(self.kernel)
        return kernel if self.norm is None else kernel * self._gain()

    def _gain(self) -> Any:
        """What the norm multiplies by, in the shape of the kernel's channels."""
        import tensorflow as tf

        gain = _norm_gain(self.norm)
        return tf.reshape(gain, self.kernel.shape[-2:]) if self._is_depthwise else gain

    def _bias(self) -> Any:
        import tensorflow as tf

        bias = tf.convert_to_tensor(self.layer.bias) if self.layer.use_bias else None
        if self.norm is None:
            return bias
        mean, beta = tf.convert_to_tensor(self.norm.moving_mean), 0.0
        if self.norm.center:
            beta = tf.convert_to_tensor(self.norm.beta)
        return beta + ((0.0 if bias is None else bias) - mean) * _norm_gain(self.norm)


def _norm_gain(norm: Any) -> Any:
    import tensorflow as tf

    gain = tf.math.rsqrt(tf.convert_to_tensor(norm.moving_variance) + norm.epsilon)
    return gain * tf.convert_to_tensor(norm.gamma) if norm.scale else gain
