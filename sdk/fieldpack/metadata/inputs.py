"""The inputs of a contract as facts of the tensors that a file takes.

What is stated is what goes into *this* file: a graph that scales pixels itself takes them as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch
from typing import Any

from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.contract import ImageInput, Input, LocationInput, SpectrogramInput, WaveformInput
from fieldpack.contract.inputs import CenterCrop, Pad, TensorInput
from fieldpack.contract.raster import Band, RasterInput
from fieldpack.contract.sound import MinMaxScale, PeakScale, SoundSpec
from fieldpack.metadata.tensor_facts import Normalisation, Picture, Sound, TensorFacts
from fieldpack.preprocess.spectrogram import window_samples
from fieldpack.preprocess.spectrogram_range import value_range
from fieldpack.preprocess.value_scale import INT16

ENDING = {FlavourKind.TFLITE: "tflite", FlavourKind.COREML: "mlpackage"}
COLORS = {"rgb": "RGB", "bgr": "BGR", "gray": "gray"}
AXES = {"H": "height", "W": "width", "C": "channel"}


def input_facts(item: Input, border: Border, kind: FlavourKind) -> TensorFacts:
    """What a file says of one input.

    Parameters
    ----------
    item : Input
        Of the contract.
    border : Border
        How it meets the file.
    kind : FlavourKind
        What the file is; the parts that the bundle has beside it are of the same kind.
    """
    facts = _facts(item, border, ENDING[kind])
    if border.quantization is None:
        return facts
    stored = f"Stored as {border.dtype} by the tensor's scale and zero point."
    return replace(facts, description=f"{facts.description} {stored}")


@singledispatch
def _facts(item: Input, border: Border, ending: str) -> TensorFacts:
    raise TypeError(f"no metadata for inputs of kind {item.kind}")


@_facts.register
def _(item: ImageInput, border: Border, ending: str) -> TensorFacts:
    scale, offset = border.scale or (1.0,), border.offset or (0.0,)
    color = COLORS[item.color_order.value]
    values = "as they are" if border.scale is None else "as (pixel - mean) / std"
    return TensorFacts(
        item.name,
        border.tensor,
        f"A picture of {item.width} x {item.height} pixels, {color}, {_resized(item)}. "
        f"Pixels 0..255 go in {values}.",
        _dimensions(border, _grid_axes(border)),
        Picture(item.width, item.height, item.color_order.value),
        _normalisation(scale, offset),
        _merged(offset),
        _merged([255 * factor + shift for factor, shift in zip(scale, offset, strict=True)]),
    )


@_facts.register
def _(item: SpectrogramInput, border: Border, ending: str) -> TensorFacts:
    samples = window_samples(item)
    place = (
        "Its front-end reads whole recordings and is no graph; the contract states it."
        if samples is None
        else _made_by("front_ends", item.name, ending, f"{samples} samples in -1..1")
    )
    channels = "" if len(item.channels) == 1 else f", {len(item.channels)} channels"
    return TensorFacts(
        item.name,
        border.tensor,
        f"A spectrogram of {item.bands} bands and {item.frames} frames{channels}, of sound at "
        f"{item.front_end.sample_rate_hz} Hz. {place}",
        _dimensions(border, item.axes),
        **bounds(value_range(item)),
    )


@_facts.register
def _(item: WaveformInput, border: Border, ending: str) -> TensorFacts:
    spec = item.front_end
    scaled = spec.value_scale.kind == "int16"
    return TensorFacts(
        item.name,
        border.tensor,
        f"{item.samples} samples of sound at {spec.sample_rate_hz} Hz, one channel, {_sample_values(spec)}. "
        "Its front-end, if it has one, is inside this file.",
        _dimensions(border, item.axes),
        Sound(spec.sample_rate_hz),
        Normalisation((0.0,), (1 / INT16,)) if scaled else None,
    )


@_facts.register
def _(item: LocationInput, border: Border, ending: str) -> TensorFacts:
    return TensorFacts(
        item.name,
        border.tensor,
        f"A place (WGS 84) as {item.shape[0]} numbers, encoded as {item.encoding.kind}. "
        + _made_by("encoders", item.name, ending, ", ".join(item.fields)),
    )


@_facts.register
def _(item: RasterInput, border: Border, ending: str) -> TensorFacts:
    pairs = [band.scaling.scale_offset() for band in item.bands]
    mask = item.mask_channel != "none"
    names = [band.name for band in item.bands] + (["mask"] if mask else [])
    scale, offset = zip(*pairs, *([(1.0, 0.0)] if mask else []), strict=True)
    ends = [_ends(band, item.fill) for band in item.bands] + ([(0.0, 1.0)] if mask else [])
    known = [end for end in ends if end is not None]
    whole = len(known) == len(ends)
    return TensorFacts(
        item.name,
        border.tensor,
        f"A tile of {item.width} x {item.height} pixels of {item.resolution:g} {item.resolution_unit}; "
        f"sensor: {item.sensor}; channels: {', '.join(names)}. Bands go in clipped, as (value - mean) / std; "
        f"{item.fill:g} stands for no data.",
        _dimensions(border, _grid_axes(border)),
        normalisation=_normalisation(scale, offset),
        low=tuple(low for low, _ in known) if whole else (),
        high=tuple(high for _, high in known) if whole else (),
    )


@_facts.register
def _(item: TensorInput, border: Border, ending: str) -> TensorFacts:
    told = f"{item.meaning[:1].upper()}{item.meaning[1:]}; {item.low:g} to {item.high:g}."
    return TensorFacts(item.name, border.tensor, told, **bounds((item.low, item.high)))


def _made_by(folder: str, name: str, ending: str, given: str) -> str:
    """What makes an input outside the file; a build may go without the part, with a warning."""
    path = f"{folder}/{name}/model.{ending}"
    return f"Made outside this file, from {given}, by {path} of the bundle or by the contract's formula."


def _resized(item: ImageInput) -> str:
    fit, method = item.resize.fit, item.resize.method.value
    if isinstance(fit, CenterCrop):
        part = "" if fit.fraction == 1 else f", {fit.fraction:g} of it"
        return f"the largest centred part{part} resized {method}"
    if isinstance(fit, Pad):
        return f"resized {method} to fit and padded with {fit.value}"
    return f"resized {method} without keeping its aspect ratio"


def _sample_values(spec: SoundSpec) -> str:
    scale = spec.value_scale
    if isinstance(scale, MinMaxScale):
        return "-1..1 from the least sample of the window to its largest"
    if isinstance(scale, PeakScale):
        return f"with a peak of {scale.peak:g}" + (" and a mean of 0" if scale.remove_mean else "")
    return "-32768..32767" if scale.kind == "int16" else "-1..1"


def _grid_axes(border: Border) -> tuple[str, ...]:
    return tuple(AXES[axis] for axis in (border.layout or "NHWC")[1:])


def _dimensions(border: Border, axes: Sequence[str]) -> tuple[str, ...]:
    """A name for each axis of the tensor, or none at all."""
    names = (*(("batch",) if border.batched else ()), *axes)
    return names if len(names) == len(border.shape) else ()


def _normalisation(scale: Sequence[float], offset: Sequence[float]) -> Normalisation:
    """``x * scale + offset`` in the words of formats, ``(x - mean) / std``."""
    mean = [-shift / factor for factor, shift in zip(scale, offset, strict=True)]
    pairs = list(zip(mean, [1 / factor for factor in scale], strict=True))
    same = len(set(pairs)) == 1
    chosen = pairs[:1] if same else pairs
    return Normalisation(tuple(mean + 0.0 for mean, _ in chosen), tuple(std for _, std in chosen))


def _merged(values: Sequence[float]) -> tuple[float, ...]:
    """One number where all are the same."""
    return tuple(values[:1]) if len(set(values)) == 1 else tuple(values)


def _ends(band: Band, fill: float) -> tuple[float, float] | None:
    """Smallest and largest value of a band as it goes in; None where nothing is clipped."""
    if isinstance(band.clip, str):
        return None
    scale, offset = band.scaling.scale_offset()
    values = [fill, *(end * scale + offset for end in band.clip)]
    return min(values), max(values)


def bounds(ends: tuple[float, float] | None) -> dict[str, Any]:
    """Fields of ``TensorFacts`` for the same ends in every channel; none where they are unknown."""
    return {} if ends is None else {"low": (ends[0],), "high": (ends[1],)}
