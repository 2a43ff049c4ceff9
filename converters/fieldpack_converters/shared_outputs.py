"""Let an operator read the integers of a tensor that is an output of the model too.

An embedding is an output and what the scores are computed from. Where outputs are float32 and both layers
static int8, ai-edge-quantizer widens the tensor for the caller and hands the widened one to the next layer
as well; that layer writes integers, so LiteRT refuses the file. Here it reads the integers again, which
hold the same numbers.
"""

from __future__ import annotations

from fieldpack_converters.tflite_graph import TFLiteGraph

BORDERS = ("QUANTIZE", "DEQUANTIZE")
INTEGERS = ("int8", "int16")


def rejoined(content: bytes) -> tuple[bytes, int]:
    """The file with every operator of integers fed integers, and the number of inputs that changed."""
    graph = TFLiteGraph(content)
    narrow = {
        item.outputs[0]: item.inputs[0]
        for item in graph.operations()
        if item.name == "DEQUANTIZE"
        and not graph.is_constant(item.inputs[0])
        and graph.dtype(item.inputs[0]) in INTEGERS
    }
    changed = 0
    for item in graph.operations():
        if item.name in BORDERS or graph.dtype(item.outputs[0]) not in INTEGERS:
            continue
        inputs = [narrow.get(tensor, tensor) for tensor in item.inputs]
        changed += sum(old != new for old, new in zip(item.inputs, inputs, strict=True))
        graph.main.operators[item.index].inputs = inputs
    return (graph.content() if changed else content), changed
