"""A flavour's ML Program kept as one: a package that the iOS side of the plugin feeds and reads.

Its activations may be integers and its weights in any form, as the flavour has them. The apps link single
files, so a package needs edits in their projects; and it must not need a later iOS than they support.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.contract import Activation, ColorOrder, ImageInput, LocationInput
from fieldpack.coreml.editing import CAST_NAMES, ProgramEditor
from fieldpack.errors import UnsupportedError
from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.source_models import SourceModel, elevation_factors

KIND = FlavourKind.COREML
IMAGE = "image"
TAKEN = (facts.GEO_INPUT_NAME, facts.GEO_OUTPUT_NAME, IMAGE)
PICTURE = (1, 3, facts.SIZE, facts.SIZE)


def vision_program(source: SourceModel, target: Path) -> None:
    """Write the picture model as a package with an image in and a softmax out."""
    if not isinstance(source.input, ImageInput):
        raise UnsupportedError("The model takes no picture", came=source.input.kind)
    program, border, output = _copied(source, target)
    dtype, shape = program.fact(border.tensor)
    inner = _aside(program, border.tensor)
    program.replace_input(border.tensor, IMAGE, PICTURE)
    is_bgr = source.input.color_order is ColorOrder.BGR
    program.describe_image(IMAGE, facts.SIZE, facts.SIZE, is_bgr=is_bgr)
    _enter(program, _pixels(program, source.input, border), inner, dtype, shape)
    scores = _scores(program, output, source)
    if source.output.activation is Activation.LOGITS:
        scores = program.op("softmax", (1, len(source.labels)), x=scores, axis=-1)
    _finish(program, scores, source)


def geo_program(source: SourceModel, target: Path, floor: float = 0.0) -> None:
    """Write the place model as a package with the plugin's five numbers in and sigmoids out."""
    if not isinstance(source.input, LocationInput):
        raise UnsupportedError("The model takes no place", came=source.input.kind)
    program, border, output = _copied(source, target)
    dtype, shape = program.fact(border.tensor)
    inner = _aside(program, border.tensor)
    program.replace_input(border.tensor, facts.GEO_INPUT_NAME, facts.GEO_INPUT)
    program.describe_array(facts.GEO_INPUT_NAME, facts.GEO_INPUT)
    _enter(program, _place(program, source.input), inner, dtype, shape)
    scores, form = _scores(program, output, source), (1, len(source.labels))
    if source.output.sensitivity is not None:
        slope, limit = source.output.sensitivity.value, source.output.sensitivity.limit
        scores = program.op("clip", form, x=scores, alpha=-limit, beta=limit)
        scores = program.op("sigmoid", form, x=program.op("mul", form, x=scores, y=slope))
    if floor > 0:
        scores = program.op("clip", form, x=scores, alpha=floor, beta=1.0)
    _finish(program, scores, source)


def _copied(source: SourceModel, target: Path) -> tuple[ProgramEditor, Border, Border]:
    shutil.copytree(source.path(KIND), target)
    return ProgramEditor(target), *source.borders(KIND)


def _aside(program: ProgramEditor, name: str) -> str:
    """Free the names that the plugin needs; gives the new name of the old input."""
    for taken in TAKEN:
        program.rename(taken, f"{taken}_inner")
    return f"{name}_inner" if name in TAKEN else name


def _pixels(program: ProgramEditor, item: ImageInput, border: Border) -> str:
    """From an image, [1, 3, 299, 299], to the input of the program, in float32."""
    name, shape = IMAGE, (1, 3, item.height, item.width)
    if shape != PICTURE:
        name = program.op(
            "resize_bilinear",
            shape,
            x=name,
            target_size_height=item.height,
            target_size_width=item.width,
            sampling_mode="=UNALIGN_CORNERS",
        )
    if border.scale is not None and border.offset is not None:
        scale, offset = (
            np.array(part, np.float32).reshape(1, 3, 1, 1) for part in (border.scale, border.offset)
        )
        name = program.op("add", shape, x=program.op("mul", shape, x=name, y=scale), y=offset)
    if border.layout == "NHWC":
        order = np.array([0, 2, 3, 1], np.int32)
        name = program.op("transpose", (1, item.height, item.width, 3), x=name, perm=order)
    return name


def _place(program: ProgramEditor, item: LocationInput) -> str:
    """From the plugin's five numbers to those of the model, in float32."""
    name = facts.GEO_INPUT_NAME
    if item.encoding.kind == "sin_cos_4":
        begin, end = np.array([0, 0], np.int32), np.array([1, 4], np.int32)
        return program.op("slice_by_index", (1, 4), x=name, begin=begin, end=end)
    high, low = elevation_factors(item)
    if (high, low) == (1.0, 1.0):
        return name
    up, down = (np.array([[1, 1, 1, 1, factor]], np.float32) for factor in (high, low))
    above = program.op("relu", facts.GEO_INPUT, x=name)
    below = program.op("sub", facts.GEO_INPUT, x=name, y=above)
    return program.op(
        "add",
        facts.GEO_INPUT,
        x=program.op("mul", facts.GEO_INPUT, x=above, y=up),
        y=program.op("mul", facts.GEO_INPUT, x=below, y=down),
    )


def _enter(program: ProgramEditor, name: str, inner: str, dtype: str, shape: tuple[int, ...]) -> None:
    """Into the tensor that was the input, in its shape and type."""
    flat = program.op("reshape", shape, x=name, shape=np.array(shape, np.int32))
    program.op("cast", shape, dtype, inner, x=flat, dtype=f"={CAST_NAMES[dtype]}")


def _scores(program: ProgramEditor, border: Border, source: SourceModel) -> str:
    """The scores as float32 [1, N]."""
    program.from_end()
    name = f"{border.tensor}_inner" if border.tensor in TAKEN else border.tensor
    _, shape = program.fact(name)
    wide = program.op("cast", shape, x=name, dtype="=fp32")
    form = (1, len(source.labels))
    return wide if shape == form else program.op("reshape", form, x=wide, shape=np.array(form, np.int32))


def _finish(program: ProgramEditor, scores: str, source: SourceModel) -> None:
    form = (1, len(source.labels))
    program.op("identity", form, "float32", facts.GEO_OUTPUT_NAME, x=scores)
    program.result(facts.GEO_OUTPUT_NAME, form)
    program.save()
