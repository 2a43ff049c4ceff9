"""Whole models that the mutations start from: each runs, and together they hold most of the format.

Stored and immediate constants, both generations of compressed weights, a picture, a classifier,
control flow, several functions, and the older layers with weights of one byte and of one bit less.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fieldpack.coreml.neural.schema import message as neural_message
from fieldpack.coreml.schema import message
from fieldpack_benchmarks.fuzz.writer import Files, Writer


def ints(*numbers: int) -> np.ndarray:
    """An int32 array."""
    return np.array(numbers, np.int32)


def classifier() -> Files:
    """A picture, an int8 convolution of iOS16, a palette, labels."""
    made = Writer("CoreML6", 7)
    picture = made.picture("photo", 8, 8)
    made.stored_constant("codes", "int8", (4, 3, 3, 3), np.arange(-54, 54, dtype=np.int8).tobytes())
    made.stored_constant("scale", "float32", (4,), np.full(4, 0.01, np.float32).tobytes())
    weight = made.op(
        "constexpr_affine_dequantize", "weight", (4, 3, 3, 3),
        quantized_data="codes", scale="scale", zero_point=np.int8(0), axis=0,
    )  # fmt: skip
    values = made.op(
        "conv", "filtered", (1, 4, 4, 4), x=picture, weight=weight, strides=ints(2, 2), pad_type="=same"
    )
    values = made.op("relu", "cut", (1, 4, 4, 4), x=values)
    values = made.op("reduce_mean", "mean", (1, 4), x=values, axes=ints(2, 3), keep_dims=False)
    table = np.linspace(-1, 1, 16, dtype=np.float32)
    packed = np.arange(6, dtype=np.uint8)
    dense = made.op(
        "constexpr_lut_to_dense",
        "dense",
        (3, 4),
        indices=packed,
        lut=table,
        shape=np.array([3, 4], np.uint32),
    )
    values = made.op("linear", "logits", (1, 3), x=values, weight=dense)
    made.op("softmax", "scores", (1, 3), x=values, axis=-1)
    made.output("scores", (1, 3))
    return made.package()


def compressed() -> Files:
    """Blockwise int4 scales, an iOS18 palette and a sparse weight."""
    made = Writer("CoreML8", 9)
    values = made.input("x", (2, 8))
    made.stored_constant("int4", "int4", (4, 8), bytes(range(16)))
    scale = np.full((4, 2), 0.25, np.float32)
    made.stored_constant("scales", "float32", (4, 2), scale.tobytes())
    weight = made.op("constexpr_blockwise_shift_scale", "wide", (4, 8), data="int4", scale="scales")
    values = made.op("linear", "first", (2, 4), x=values, weight=weight)
    made.stored_constant("places", "uint4", (4, 4), bytes(range(8)))
    lut = np.linspace(-1, 1, 16, dtype=np.float32).reshape(1, 1, 16, 1)
    weight = made.op("constexpr_lut_to_dense", "square", (4, 4), indices="places", lut=lut)
    values = made.op("linear", "second", (2, 4), x=values, weight=weight)
    values = made.op("concat", "twice", (2, 8), values=[values, values], axis=1, interleave=False)
    values = made.op("reshape", "folded", (4, 4), x=values, shape=ints(4, -1))
    values = made.op(
        "slice_by_index", "part", (2, 4), x=values, begin=ints(0, 0), end=ints(4, 4), stride=ints(2, 1)
    )
    made.op("layer_norm", "y", (2, 4), x=values, axes=ints(1), epsilon=1e-3)
    made.output("y", (2, 4))
    return made.package()


def control_flow() -> Files:
    """A loop that counts to five, a condition, and a second function."""
    made = Writer("CoreML7", 8)
    x = made.input("x", (3,))
    loop = made.scope.operations.add(type="while_loop")
    for name in ("start", x):
        binding = loop.inputs["loop_vars"].arguments.add()
        binding.name = name
    made.block.operations.remove(loop)
    made.op("identity", "start", (), "int32", x=0)
    made.block.operations.append(loop)
    loop = made.block.operations[-1]
    again, body = loop.blocks.add(), loop.blocks.add()
    for block, count, value in ((again, "i", "v"), (body, "j", "w")):
        block.inputs.add(name=count).type.CopyFrom(made.block.operations[0].outputs[0].type)
        block.inputs.add(name=value).type.CopyFrom(made.function.inputs[0].type)
    made.scope = again
    again.outputs.append(made.op("less", "more", (), "bool", x="i", y=5))
    made.scope = body
    body.outputs.append(made.op("add", "next", (), "int32", x="j", y=1))
    body.outputs.append(made.op("mul", "grown", (3,), x="w", y=1.5))
    for name, block in (("count", "next"), ("value", "grown")):
        found = next(op for op in body.operations if op.outputs[0].name == block)
        loop.outputs.add(name=name).type.CopyFrom(found.outputs[0].type)
    made.scope = made.block
    made.op("greater", "large", (), "bool", x="count", y=3)
    cond = made.block.operations.add(type="cond")
    cond.inputs["pred"].arguments.add().name = "large"
    for name, kind in (("then", "exp"), ("other", "sin")):
        block = cond.blocks.add()
        made.scope = block
        block.outputs.append(made.op(kind, name, (3,), x="value"))
    cond.outputs.add(name="y").type.CopyFrom(made.function.inputs[0].type)
    made.output("y", (3,))
    made.model.mlProgram.functions["again"].CopyFrom(made.function)
    return made.package()


def layers() -> Files:
    """A ``.mlmodel``: picture scaler, convolution, 7-bit inner product, softmax."""
    model, network = message("Model"), neural_message("NeuralNetwork")
    model.specificationVersion = 4
    picture = model.description.input.add(name="photo").type.imageType
    picture.width, picture.height, picture.colorSpace = 6, 6, 20
    scores = model.description.output.add(name="scores").type.multiArrayType
    scores.shape.extend([3])
    scores.dataType = 65568
    scaler = network.preprocessing.add(featureName="photo").scaler
    scaler.channelScale, scaler.redBias = 1 / 255, -0.5
    layer = network.layers.add(name="conv", input=["photo"], output=["filtered"]).convolution
    layer.outputChannels, layer.kernelChannels, layer.nGroups = 2, 3, 1
    layer.kernelSize.extend([3, 3])
    layer.stride.extend([1, 1])
    layer.valid.SetInParent()
    layer.hasBias = True
    layer.weights.float16Value = np.linspace(-1, 1, 54).astype(np.float16).tobytes()
    layer.bias.floatValue.append(np.array([0.5, -0.5], np.float32).tobytes())
    network.layers.add(name="relu", input=["filtered"], output=["cut"]).activation.ReLU.SetInParent()
    inner = network.layers.add(name="inner", input=["cut"], output=["logits"]).innerProduct
    inner.inputChannels, inner.outputChannels = 32, 3
    inner.weights.rawValue = bytes(range(84))
    inner.weights.quantization.numberOfBits = 7
    inner.weights.quantization.linearQuantization.scale.append(0.01)
    inner.weights.quantization.linearQuantization.bias.append(-0.5)
    network.layers.add(name="softmax", input=["logits"], output=["scores"]).softmax.SetInParent()
    model.neuralNetwork = network.SerializeToString(deterministic=True)
    return {"": model.SerializeToString(deterministic=True)}


SEEDS: dict[str, Callable[[], Files]] = {
    "classifier": classifier,
    "compressed": compressed,
    "control_flow": control_flow,
    "layers": layers,
}
"""Name -> the files of a whole model."""
