"""What goes into a model and what comes out, one sentence each, from the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fieldpack.words.record import Record
from fieldpack.words.said import NOTHING, Said, joined, say
from fieldpack.words.stated import Stated, amount, code, number, numbers, plain, share

MOST_LABELS = 120
FITS = {
    "stretch": "stretched to this size",
    "center_crop": "cropped at the centre",
    "pad": "fitted inside and padded",
}
ACTIVATIONS = {
    "softmax": "probabilities that sum to one: exactly one label is meant",
    "sigmoid": "independent probabilities: several labels, or none, may be meant",
    "logits": "raw scores; a softmax makes probabilities of them",
}
INDEPENDENT_LOGITS = "raw scores of independent labels; several, or none, may be meant"
ESTIMATES = {"mean": "the mean", "quantile": "a quantile", "spread": "the spread"}


def input_words(record: Record) -> Iterator[Said]:
    """A sentence an input."""
    for stated in record.manifest["contract"]["inputs"]:
        words = _INPUTS[stated["kind"].value](stated)
        yield say("{}: {}.", code(stated["name"]), words)


def output_words(record: Record) -> Iterator[Said]:
    """A sentence an output."""
    for place, stated in enumerate(record.manifest["contract"]["outputs"]):
        classifies = stated["activation"].value != "linear"
        words = _scores(record, place, stated) if classifies else _values(stated)
        yield say("{}: {}.", code(stated["name"]), words)


def interval_words(record: Record) -> Iterator[Said]:
    """A sentence an interval that is promised."""
    for stated in record.manifest["contract"].get("intervals") or ():
        promise = say("an interval that holds {} of the true values of", share(stated["coverage"]))
        yield say("{}: {} {}.", code(stated["name"]), promise, code(stated["quantity"]))


def label_words(record: Record, output: str) -> Said:
    """The labels of an output, those that fit on a page."""
    labels = record.labels[output]
    shown = joined(map(plain, labels[:MOST_LABELS]), ", ")
    if len(labels) <= MOST_LABELS:
        return shown
    stated = next(item for item in record.manifest["contract"]["outputs"] if item["name"].value == output)
    return say("{}, and more: all of them in {}", shown, code(stated["labels"]))


def _picture(stated: Stated) -> Said:
    fit = stated["resize"]["fit"]
    crop = say(FITS[fit["kind"].value])
    if fit["kind"].value == "center_crop" and fit["fraction"].value != 1:
        crop = say("{}, {} of the largest crop's sides", crop, number(fit["fraction"]))
    if fit["kind"].value == "pad":
        crop = say("{} with grey {}", crop, number(fit["value"]))
    method = stated["resize"]["method"]
    return say(
        "a picture of {width} × {height} pixels, {order}, {crop}, "
        "resized with the filter {method}; {scaling}",
        width=number(stated["width"]),
        height=number(stated["height"]),
        order=stated["color_order"].written(str(stated["color_order"].value).upper()),
        crop=crop,
        method=method.written(str(method.value).replace("_", " ")),
        scaling=_normalization(stated["normalization"]),
    )


def _normalization(stated: Stated) -> Said:
    if stated["kind"].value == "range":
        low, high = number(stated["low"]), number(stated["high"])
        return say("the darkest pixel becomes {}, the brightest {}", low, high)
    return say("less the mean {}, over {}, of the channels", numbers(stated["mean"]), numbers(stated["std"]))


def _spectrogram(stated: Stated) -> Said:
    return say(
        "a spectrogram of {} and {} of {}",
        amount(stated["bands"], "band"),
        amount(stated["frames"], "frame"),
        _sound(stated["front_end"]),
    )


def _waveform(stated: Stated) -> Said:
    samples = amount(stated["front_end"]["windows"]["samples"], "sample")
    return say("a window of {} of {}", samples, _sound(stated["front_end"]))


def _sound(stated: Stated) -> Said:
    return say("a recording, resampled to {} Hz", number(stated["sample_rate_hz"]))


def _place(stated: Stated) -> Said:
    words = say(
        "a place, latitude and longitude in degrees (WGS 84), encoded as {}", code(stated["encoding"]["kind"])
    )
    snap, features = stated.get("snap_resolution"), stated.get("features", "columns")
    if snap is not None:
        words = say("{}; the centre of its H3 cell of resolution {} stands for it", words, number(snap))
    if features is not None:
        words = say("{}; with {} of the cell", words, joined(map(plain, features), ", ", " and "))
    return words


def _raster(stated: Stated) -> Said:
    return say(
        "tiles of {} × {} pixels of {}, {} a pixel; bands {}",
        number(stated["width"]),
        number(stated["height"]),
        plain(stated["sensor"]),
        say("{} {}", number(stated["resolution"]), plain(stated["resolution_unit"])),
        joined((plain(band["name"]) for band in stated["bands"]), ", "),
    )


def _numbers(stated: Stated) -> Said:
    return say(
        "numbers of shape [{}] from {} to {}: {}",
        numbers(stated["shape"]),
        number(stated["low"]),
        number(stated["high"]),
        plain(stated["meaning"]),
    )


_INPUTS: dict[str, Callable[[Stated], Said]] = {
    "image": _picture,
    "spectrogram": _spectrogram,
    "waveform": _waveform,
    "location": _place,
    "raster": _raster,
    "tensor": _numbers,
}
"""One a kind of :data:`fieldpack.contract.inputs.Input`."""


def _scores(record: Record, place: int, stated: Stated) -> Said:
    border = record.manifest["flavours"][0]["outputs"][place]["shape"]
    labels = len(record.labels[stated["name"].value])
    axis = next((length for length in reversed(list(border)) if length.value == labels), None)
    count = NOTHING if axis is None else say("{}, ", amount(axis, "label"))
    independent = stated.get("sensitivity") is not None
    kind = INDEPENDENT_LOGITS if independent else ACTIVATIONS[stated["activation"].value]
    words = say("{}{}", count, say(kind))
    threshold = stated.get("threshold")
    if threshold is not None:
        words = say("{}; a label counts as present from {}", words, number(threshold))
    if stated.get("taxonomy") is not None:
        words = say("{}; a taxonomy says which labels belong together", words)
    return words


def _values(stated: Stated) -> Said:
    estimate, unit = stated.get("estimate"), plain(stated["unit"])
    if estimate is None:
        return say("values in {}", unit)
    kind = say(ESTIMATES[estimate["kind"].value])
    level = estimate.get("level")
    if level is not None:
        kind = say("{} at {}", kind, number(level))
    return say("{} of {}, in {}", kind, code(estimate["quantity"]), unit)
