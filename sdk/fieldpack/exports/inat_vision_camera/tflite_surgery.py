"""A flavour's ``.tflite`` made into one that the Android side of the plugin feeds and reads.

Operators go before the input (resize, scale, order of axes, integers) and behind the output (floats, softmax
or sigmoid, floor, two axes); the weights stay as they are. A softmax in integers is done again in float:
its steps of 1/256 would not sum to 1 over many labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.contract import Activation, ColorOrder, ImageInput, LocationInput
from fieldpack.errors import UnsupportedError
from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.source_models import (
    SourceModel,
    elevation_factors,
)
from fieldpack.tflite.editing import TfliteEditor
from fieldpack.tflite.facts import TfliteModel
from fieldpack.tflite.file import parse_model

KIND = FlavourKind.TFLITE
SIGNATURE = "serving_default"
DEQUANTIZE_VERSIONS = {"uint8": 1, "int8": 2, "int16": 3, "float16": 3}


class _Chain:
    """Operators put one behind the other, at the beginning of the graph or at its end."""

    def __init__(self, model: TfliteEditor, start: int, at: int | None) -> None:
        self.model, self.last, self.at = model, start, at

    def add(self, name: str, shape: tuple[int, ...], *constants: int, **settings: Any) -> None:
        """One operator with constants behind its input, to a float tensor."""
        self.then(
            name, self.model.tensor(f"plugin_{name.lower()}_{self.last}", shape), *constants, **settings
        )

    def then(self, name: str, target: int, *constants: int, **settings: Any) -> None:
        """One operator to a tensor that is there."""
        self.model.operator(name, (self.last, *constants), (target,), at=self.at, **settings)
        self.last = target
        if self.at is not None:
            self.at += 1

    def constant(self, name: str, values: Any, dtype: str = "float32") -> int:
        """A constant."""
        array = np.asarray(values, dtype)
        return self.model.tensor(f"plugin_{name}", array.shape, dtype, array)


def vision_tflite(source: SourceModel) -> bytes:
    """The picture model with pixels 0..255 of 299 x 299 in and a softmax out."""
    if not isinstance(source.input, ImageInput):
        raise UnsupportedError("The model takes no picture", came=source.input.kind)
    content = source.path(KIND).read_bytes()
    model, stated = TfliteEditor(content), parse_model(content)
    border, output = source.borders(KIND)
    first = model.tensor("plugin_pixels", facts.VISION_INPUT)
    chain = _Chain(model, first, 0)
    _pixels(chain, source.input, border)
    first = _enter(chain, first, border, stated)
    tail = _leave(model, output, stated, len(source.labels))
    if source.output.activation is Activation.LOGITS:
        tail.add("SOFTMAX", (1, len(source.labels)), options="SoftmaxOptions", beta=1)
    return _finished(model, first, tail.last)


def geo_tflite(source: SourceModel, floor: float = 0.0) -> bytes:
    """The place model with the plugin's five numbers in and sigmoids out, at least `floor`."""
    if not isinstance(source.input, LocationInput):
        raise UnsupportedError("The model takes no place", came=source.input.kind)
    content = source.path(KIND).read_bytes()
    model, stated = TfliteEditor(content), parse_model(content)
    border, output = source.borders(KIND)
    first = model.tensor("plugin_place", facts.GEO_INPUT)
    chain = _Chain(model, first, 0)
    _place(chain, source.input)
    first = _enter(chain, first, border, stated)
    tail = _leave(model, output, stated, len(source.labels))
    scores = (1, len(source.labels))
    if source.output.sensitivity is not None:
        slope, limit = source.output.sensitivity.value, source.output.sensitivity.limit
        tail.add("MAXIMUM", scores, tail.constant("lowest", -limit), options="MaximumMinimumOptions")
        tail.add("MINIMUM", scores, tail.constant("highest", limit), options="MaximumMinimumOptions")
        tail.add("MUL", scores, tail.constant("slope", slope), options="MulOptions")
        tail.add("LOGISTIC", scores)
    if floor > 0:
        tail.add("MAXIMUM", scores, tail.constant("floor", floor), options="MaximumMinimumOptions")
    return _finished(model, first, tail.last)


def _pixels(chain: _Chain, item: ImageInput, border: Border) -> None:
    """From pixels in RGB, 299 x 299, to what the contract calls prepared, scaled where the graph does not."""
    shape = (1, item.height, item.width, 3)
    if shape != facts.VISION_INPUT:
        size = chain.constant("size", [item.height, item.width], "int32")
        settings = {"options": "ResizeBilinearOptions", "halfPixelCenters": True, "alignCorners": False}
        chain.add("RESIZE_BILINEAR", shape, size, version=3, **settings)
    if item.color_order is ColorOrder.BGR:
        chain.add("REVERSE_V2", shape, chain.constant("color_axis", [3], "int32"), options="ReverseV2Options")
    if border.scale is not None and border.offset is not None:
        chain.add("MUL", shape, chain.constant("scale", border.scale), options="MulOptions")
        if any(border.offset):
            chain.add("ADD", shape, chain.constant("offset", border.offset), options="AddOptions")
    if border.layout == "NCHW":
        order = chain.constant("channels_first", [0, 3, 1, 2], "int32")
        chain.add("TRANSPOSE", (1, 3, item.height, item.width), order, options="TransposeOptions")


def _place(chain: _Chain, item: LocationInput) -> None:
    """From the plugin's five numbers to those of the model: other elevation constants, or no elevation."""
    if item.encoding.kind == "sin_cos_4":
        begin = chain.constant("begin", [0, 0], "int32")
        chain.add("SLICE", (1, 4), begin, chain.constant("four", [1, 4], "int32"), options="SliceOptions")
        return
    high, low = elevation_factors(item)
    if (high, low) == (1.0, 1.0):
        return
    place = chain.last
    chain.add("RELU", facts.GEO_INPUT)
    above = chain.last
    chain.last = place
    chain.add("SUB", facts.GEO_INPUT, above, options="SubOptions")
    chain.add("MUL", facts.GEO_INPUT, chain.constant("below_sea", [[1, 1, 1, 1, low]]), options="MulOptions")
    below, chain.last = chain.last, above
    chain.add("MUL", facts.GEO_INPUT, chain.constant("above_sea", [[1, 1, 1, 1, high]]), options="MulOptions")
    chain.add("ADD", facts.GEO_INPUT, below, options="AddOptions")


def _enter(chain: _Chain, first: int, border: Border, stated: TfliteModel) -> int:
    """Into the tensor that was the input; gives the input of the whole, the old one where nothing is new."""
    model = chain.model
    old = model.inputs[stated.input_names.index(border.tensor)]
    shape = model.shape(old)
    model.fix_shape(old)
    if border.quantization is None and border.dtype != "float32":
        raise UnsupportedError(
            "The input of the flavour holds integers that stand for no real numbers",
            came=border.dtype,
            hint="take another flavour: --flavour NAME",
        )
    if model.shape(chain.last) != shape:
        chain.add("RESHAPE", shape, chain.constant("entry", shape, "int32"))
    if border.quantization is not None:
        chain.then("QUANTIZE", old, options="QuantizeOptions")
    elif chain.at:
        model.graph.operators[chain.at - 1].outputs = [old]
    return first if chain.at else old


def _leave(model: TfliteEditor, border: Border, stated: TfliteModel, count: int) -> _Chain:
    """The scores as float32 [1, N], open for more."""
    old = model.outputs[stated.output_names.index(border.tensor)]
    before, again = _float_scores(stated, old)
    tail = _Chain(model, before, None)
    shape, dtype = model.shape(before), stated.main.tensors[before].dtype
    if dtype != "float32":
        tail.add("DEQUANTIZE", shape, version=DEQUANTIZE_VERSIONS[dtype], options="DequantizeOptions")
    if again:
        tail.add("SOFTMAX", shape, options="SoftmaxOptions", beta=1)
    if shape != (1, count):
        tail.add("RESHAPE", (1, count), tail.constant("two_axes", (1, count), "int32"))
    return tail


def _float_scores(stated: TfliteModel, scores: int) -> tuple[int, bool]:
    """Where to read the scores, and whether a softmax in integers was cut off there."""
    makers = {index: node for node in stated.main.operators for index in node.outputs}
    node = makers.get(scores)
    if node is not None and node.name == "DEQUANTIZE":
        node = makers.get(node.inputs[0])
    if node is None or node.name != "SOFTMAX":
        return scores, False
    logits = stated.main.tensors[node.inputs[0]]
    return (logits.index, True) if logits.is_quantised else (scores, False)


def has_integer_softmax(content: bytes) -> bool:
    """Whether a file's first output leaves a softmax in integers, which the exporter does again in float."""
    stated = parse_model(content)
    return _float_scores(stated, stated.main.outputs[0])[1]


def _finished(model: TfliteEditor, first: int, last: int) -> bytes:
    """The file with the names of Keras' own exports; what no longer counts is left out."""
    model.ends((first,), (last,))
    model.prune()
    model.rename(first, facts.GEO_INPUT_NAME)
    model.rename(last, facts.GEO_OUTPUT_NAME)
    model.fix_shape(first)
    model.fix_shape(last)
    model.signature(SIGNATURE, {facts.GEO_INPUT_NAME: first}, {facts.GEO_OUTPUT_NAME: last})
    return model.content()
