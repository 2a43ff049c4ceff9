"""The contract as the sources for phones state it: one rule an input or output, as neutral values.

:mod:`fieldpack.exports.literals` writes them in Kotlin and Swift, whose classes have the same names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fieldpack.bundle.manifest import Border, FlavourEntry, FlavourKind, FrontEndEntry, Manifest
from fieldpack.contract import Input, LocationInput, Output, SpectrogramInput, WaveformInput
from fieldpack.contract.inputs import CenterCrop, ImageInput, Pad, TensorInput
from fieldpack.contract.location import INaturalist, LatLonWeek
from fieldpack.contract.raster import RasterInput
from fieldpack.contract.resampling import LogMeanExp, Polyphase
from fieldpack.contract.sound import MinMaxScale, PeakScale, Silence, SoundSpec, ValueScale
from fieldpack.errors import InputError
from fieldpack.exports.literals import Call, Case, Numbers, Word
from fieldpack.phone_projects.index import position_of
from fieldpack.preprocess.spectrogram import taken_over_clip

KINDS = {
    "image": "picture",
    "waveform": "recording",
    "spectrogram": "recording",
    "location": "place",
    "raster": "tile",
    "tensor": "numbers",
}
"""What an app gives for each kind of input."""


def input_rule(contract: Input, front_end: FrontEndEntry | None) -> Call:
    """The rule of an input; a spectrogram's is that of the windows of its front-end."""
    if isinstance(contract, ImageInput):
        return _image(contract)
    if isinstance(contract, LocationInput):
        return _place(contract)
    if isinstance(contract, RasterInput):
        return _tile(contract)
    if isinstance(contract, TensorInput):
        size = math.prod(contract.shape)
        return Call("NumbersRule", {"size": size, "low": contract.low, "high": contract.high})
    return _sound(contract, front_end)


def border_rule(border: Border, names: Sequence[str]) -> Call:
    """How an input or output meets its tensor; its position is that in `names`."""
    quantization = border.quantization
    return Call(
        "Border",
        {
            "name": border.name,
            "tensor": border.tensor,
            "position": position_of(border, names),
            "shape": Numbers(tuple(border.shape), whole=True),
            "dtype": border.dtype,
            "channelsFirst": border.layout == "NCHW",
            "scale": None if border.scale is None else Numbers(border.scale, whole=False),
            "offset": None if border.offset is None else Numbers(border.offset, whole=False),
            "step": 0.0 if quantization is None else quantization.scale,
            "zeroPoint": 0 if quantization is None else quantization.zero_point,
        },
    )


def output_rule(output: Output) -> Call:
    """What the numbers of an output are."""
    sensitivity = output.sensitivity
    return Call(
        "OutputRule",
        {
            "name": output.name,
            "activation": Word("Activation", output.activation.value),
            "unit": output.unit or "",
            "threshold": math.nan if output.threshold is None else output.threshold,
            "slope": 0.0 if sensitivity is None else sensitivity.value,
            "limit": 0.0 if sensitivity is None else sensitivity.limit,
        },
    )


def pooling_rule(manifest: Manifest) -> Case:
    """How windows become one answer; the mean of one where nothing is a recording."""
    for item in manifest.contract.inputs:
        if isinstance(item, SpectrogramInput | WaveformInput):
            pooling = item.front_end.windows.pooling
            if isinstance(pooling, LogMeanExp):
                return Case("LogMeanExp", {"sharpness": pooling.sharpness})
            return Case("MaxPooling" if pooling == "max" else "MeanPooling")
    return Case("MeanPooling")


def front_end_of(manifest: Manifest, contract: Input, flavour: FlavourEntry) -> FrontEndEntry | None:
    """The graph that makes a spectrogram in the runtime of a flavour; None for other inputs.

    Raises
    ------
    InputError
        The bundle has no such graph.
    """
    if not isinstance(contract, SpectrogramInput):
        return None
    ours = [item for item in manifest.front_ends if item.input == contract.name]
    found = next((item for item in ours if item.kind is flavour.kind), None)
    if found is None:
        raise InputError(
            f"the bundle has no front-end of kind {flavour.kind.value} for input {contract.name}",
            came=", ".join(item.kind.value for item in ours) or "none",
            hint=_front_end_hint(contract, flavour.kind, bool(ours)),
        )
    return found


def _front_end_hint(contract: SpectrogramInput, kind: FlavourKind, others: bool) -> str:
    """What to do about a missing front-end."""
    fields = taken_over_clip(contract.front_end)
    if fields and not others:
        return (
            f"its patches depend on the whole recording ({', '.join(fields)}), and no graph makes them: say "
            "windows.samples in the contract and build again, or take model and contract from the bundle"
        )
    wanted = "a Core ML flavour" if kind is FlavourKind.COREML else "the front-ends of a spectrogram input"
    return f"build again with {wanted}"


def _image(contract: ImageInput) -> Call:
    fit = contract.resize.fit
    if isinstance(fit, CenterCrop):
        case = Case("CenterCrop", {"fraction": fit.fraction})
    else:
        case = Case("Pad", {"value": fit.value}) if isinstance(fit, Pad) else Case("Stretch")
    return Call(
        "ImageRule",
        {
            "width": contract.width,
            "height": contract.height,
            "colorOrder": Word("ColorOrder", contract.color_order.value),
            "method": Word("Resample", contract.resize.method.value),
            "fit": case,
        },
    )


def _place(contract: LocationInput) -> Call:
    encoding = contract.encoding
    highest, lowest, missing = 1.0, 1.0, math.nan
    if isinstance(encoding, INaturalist):
        highest, lowest = encoding.highest_m, encoding.lowest_m
        if contract.elevation_table is None and not isinstance(encoding.missing_m, str):
            missing = encoding.missing_m
    return Call(
        "PlaceRule",
        {
            "encoding": Word("Encoding", encoding.kind),
            "highestM": highest,
            "lowestM": lowest,
            "missingM": missing,
            "cosineWeek": isinstance(encoding, LatLonWeek) and encoding.week == "cosine",
            "wrap": contract.beyond_180 == "wrap",
            "features": len(contract.features.columns) if contract.features else 0,
        },
    )


def _tile(contract: RasterInput) -> Call:
    bands = []
    for band in contract.bands:
        low, high = (-math.inf, math.inf) if isinstance(band.clip, str) else band.clip
        scale, offset = band.scaling.scale_offset()
        fields = {"name": band.name, "low": low, "high": high, "scale": scale, "offset": offset}
        bands.append(Call("Band", fields))
    return Call(
        "TileRule",
        {
            "width": contract.width,
            "height": contract.height,
            "bands": bands,
            "noData": math.nan if isinstance(contract.no_data, str) else contract.no_data,
            "fill": contract.fill,
            "mask": Word("MaskChannel", contract.mask_channel),
        },
    )


def _sound(contract: SpectrogramInput | WaveformInput, front_end: FrontEndEntry | None) -> Call:
    spec = contract.front_end
    size, step, unit = framing(contract, front_end)
    silence = spec.remove_silence
    return Call(
        "SoundRule",
        {
            "sampleRateHz": spec.sample_rate_hz,
            "resampler": _resampler(spec),
            "channelMix": Word("ChannelMix", spec.channel_mix.value),
            "refuseLowRate": spec.low_rate.value == "refuse",
            "minSeconds": spec.min_seconds,
            "maxSeconds": spec.max_seconds,
            "silence": None if isinstance(silence, str) else _silence(silence),
            "valueScale": _value_scale(spec.value_scale),
            "windowSamples": size,
            "step": step,
            "unit": unit,
            "last": Word("LastWindow", spec.windows.last),
            "scaled": isinstance(contract, WaveformInput),
        },
    )


def framing(
    contract: SpectrogramInput | WaveformInput, front_end: FrontEndEntry | None
) -> tuple[int, int, int]:
    """Samples of a window, from one to the next, and what windows begin at multiples of."""
    windows = contract.front_end.windows
    if not isinstance(windows.samples, str):
        size = windows.samples
        return size, size - math.floor(size * windows.overlap), 1
    if not isinstance(contract, SpectrogramInput) or front_end is None:
        raise InputError(f"input {contract.name} states no length of its windows")
    hop = contract.front_end.hop_length
    columns = contract.frames - math.floor(contract.frames * windows.overlap)
    return math.prod(front_end.inputs[0].item_shape), hop * columns, hop


def _resampler(spec: SoundSpec) -> Call | None:
    if not isinstance(spec.resampler, Polyphase):
        return None
    fields = {
        "zeroCrossings": spec.resampler.zero_crossings,
        "kaiserBeta": spec.resampler.kaiser_beta,
        "rolloff": spec.resampler.rolloff,
    }
    return Call("Polyphase", fields)


def _silence(rule: Silence) -> Call:
    fields: dict[str, Any] = {"topDb": rule.top_db, "frameLength": rule.frame_length}
    return Call("Silence", fields | {"hopLength": rule.hop_length})


def _value_scale(scale: ValueScale) -> Case:
    if isinstance(scale, MinMaxScale):
        return Case("MinMaxScale", {"epsilon": scale.epsilon})
    if isinstance(scale, PeakScale):
        return Case("PeakScale", {"peak": scale.peak, "removeMean": scale.remove_mean})
    return Case("Int16Scale" if scale.kind == "int16" else "UnitScale")
