"""Give channels whose weights died their bias back.

Training leaves channels whose weights are 1e-30 while their bias is 0.1.  A bias is stored in steps
of (input scale x weight scale), so its int32 overflows, and ai-edge-quantizer's cast then wraps it
to the smallest integer: the bias is lost, without a warning.  In one public model that is every
third channel.  Here the weight scale of such a channel is raised until the bias fits.
"""

from __future__ import annotations

import numpy as np

from fieldpack_converters.int8_pairs import Int8Pair, int8_pairs
from fieldpack_converters.opened_source import Array
from fieldpack_converters.tflite_graph import TFLiteGraph

_LARGEST = 2.0**30
_WEIGHT_STEPS = 127


def revived(float_content: bytes, content: bytes) -> tuple[bytes, int]:
    """The int8 file with every bias representable, and the number of channels mended."""
    graph = TFLiteGraph(content)
    mended = sum(_mend(pair) for pair in int8_pairs(TFLiteGraph(float_content), graph))
    return (graph.content() if mended else content), mended


def _mend(pair: Int8Pair) -> int:
    graph, weights_index, bias_index = pair.graph, pair.two.inputs[1], pair.two.inputs[2]
    inputs, weights = graph.scales(pair.two.inputs[0]), graph.scales(weights_index)
    if inputs is None or weights is None:
        return 0
    scale, axis = weights[0], weights[2]
    bias = pair.float_bias
    least = np.abs(bias) / (float(inputs[0][0]) * _LARGEST)
    if len(scale) == 1:
        least = np.full(1, least.max(initial=0.0))
    low = scale < least
    if not low.any():
        return 0
    raised = np.where(low, least, scale).astype(np.float32)
    graph.main.tensors[weights_index].quantization.scale = raised
    graph.main.tensors[bias_index].quantization.scale = (raised * np.float32(inputs[0][0])).astype(np.float32)
    graph.set_constant(
        weights_index, _requantised(graph.constant(weights_index), pair.float_weights, raised, low, axis)
    )
    pair.write_bias(bias)
    return int(low.sum())


def _requantised(old: Array, real: Array, scale: Array, low: Array, axis: int) -> Array:
    """The stored weights with the mended channels quantised anew."""
    shape = [1] * old.ndim
    shape[axis] = -1
    steps = np.clip(np.rint(real / scale.astype(np.float64).reshape(shape)), -_WEIGHT_STEPS, _WEIGHT_STEPS)
    return np.asarray(np.where(low.reshape(shape), steps, old), old.dtype)
