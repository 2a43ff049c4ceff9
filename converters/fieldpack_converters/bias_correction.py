"""Bias correction of a static int8 TFLite file.

Rounding weights W to V shifts the mean answer of every channel by (W - V) E[x].  The mean input
E[x] is measured on the calibration samples, and the shift taken back in the int32 bias, at no cost
in size or time (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
Correction", 2019, section 4.2, with measured means).

E[x] comes from the float model for every layer.  The sequential form, which measures the already
corrected int8 model layer after layer, was tried: ten times slower and no better.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fieldpack_converters.int8_pairs import int8_pairs
from fieldpack_converters.mean_response import mean_response
from fieldpack_converters.opened_source import Array
from fieldpack_converters.tflite_graph import TFLiteGraph
from fieldpack_converters.tflite_interpreter import PlainInterpreter, samples

Report = Callable[[str, float], None]


def corrected_biases(
    float_content: bytes,
    content: bytes,
    arrays: list[Array],
    limit: int = 256,
    report: Report | None = None,
) -> tuple[bytes, int]:
    """The int8 file with corrected biases, and how many operators were corrected.

    Parameters
    ----------
    float_content, content : bytes
        The float32 file and the int8 file made from it.
    arrays : list of ndarray
        Calibration samples, one [N, ...] per input; at most `limit` are used.
    """
    graph = TFLiteGraph(content)
    pairs = int8_pairs(TFLiteGraph(float_content), graph)
    means = mean_inputs(float_content, arrays, sorted({pair.one.inputs[0] for pair in pairs}), limit, report)
    for pair in pairs:
        lost = pair.float_weights - graph.real(pair.two.inputs[1])
        shift = mean_response(pair.two.name, means[pair.one.inputs[0]], lost, pair.options)
        pair.write_bias(pair.float_bias + shift)
    return (graph.content() if pairs else content), len(pairs)


def mean_inputs(
    content: bytes, arrays: list[Array], tensors: list[int], limit: int, report: Report | None = None
) -> dict[int, Array]:
    """The mean over samples of tensors of a float file, float64, in the tensor's own shape."""
    engine = PlainInterpreter(content, keep_all=True)
    sums: dict[int, Array] = {}
    count = min(limit, arrays[0].shape[0])
    for number, sample in enumerate(samples(arrays, limit)):
        if report is not None and number % 16 == 0:
            report("measure the channel means", number / count)
        engine.invoke(sample)
        for tensor in tensors:
            values = engine.tensor(tensor).astype(np.float64)
            sums[tensor] = values if number == 0 else sums[tensor] + values
    return {tensor: total / count for tensor, total in sums.items()}
