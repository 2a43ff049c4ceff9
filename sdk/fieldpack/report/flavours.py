"""What a mobile developer must know of each flavour: what it needs, what to feed it, what comes out."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.bundle.manifest import Border, FlavourEntry, FlavourKind
from fieldpack.contract import (
    Activation,
    ChannelMix,
    Contract,
    ImageInput,
    LocationInput,
    LowRate,
    Output,
    Quantile,
    RasterInput,
    SoundSpec,
    SpectrogramInput,
    WaveformInput,
)
from fieldpack.contract.inputs import Input
from fieldpack.recordings.pooling import pooling_words
from fieldpack.report.evidence import Comparison, FlavourEvidence
from fieldpack.report.html import Child, Markup, clip, element, join
from fieldpack.report.material import Material
from fieldpack.report.quantity import bounds, count, quantity, significant, size
from fieldpack.report.section import section
from fieldpack.report.vocabulary import title

KINDS = {FlavourKind.TFLITE: "TensorFlow Lite", FlavourKind.COREML: "Core ML"}
PRECISIONS = {
    "native": "as the phone runs it",
    "fp32": "float32 arithmetic",
    "fp16": "float16-rounded arithmetic",
}
MOST_RULES = 20
MOST_OPERATORS = 80
MOST_FIGURES = 40
MOST_TABLES = 24


def flavour_section(material: Material) -> Markup:
    """One card a flavour."""
    cards = [_card(material, flavour) for flavour in material.manifest.flavours]
    return section("flavours", "Flavours: how to run them", *cards)


def _card(material: Material, flavour: FlavourEntry) -> Markup:
    contract, measured = material.manifest.contract, material.measured(flavour.name)
    facts = element(
        "dl",
        *_fact("Needs", _needs(flavour)),
        *_fact(
            "Size",
            join(
                element("b", size(flavour.installed_bytes)),
                f" on the phone ({flavour.installed_bytes:,} bytes)",
            ),
        ),
        *_fact("Download", join(element("b", size(flavour.download_bytes)), " compressed (estimated)")),
        *_fact("Compression", _recipe(flavour)),
        *[
            piece
            for border in flavour.inputs
            for piece in _fact(f"Input {border.name}", _input(border, contract))
        ],
        *[
            piece
            for border in flavour.outputs
            for piece in _fact(f"Output {border.name}", _output(material, border))
        ],
        *_fact("File", element("code", clip(flavour.path))),
        *_fact("SHA-256", element("code", flavour.digest, class_="full")),
        class_="facts",
    )
    return element(
        "article",
        element("h3", flavour.name, " ", element("span", KINDS[flavour.kind], class_="kind")),
        _alarms(flavour, measured),
        facts,
        _operators(flavour),
        _figures(measured),
        class_="card",
    )


def _fact(name: str, value: Child) -> tuple[Markup, Markup]:
    return element("dt", name), element("dd", value)


def _needs(flavour: FlavourEntry) -> Markup:
    requires = flavour.requires
    if flavour.kind is FlavourKind.COREML:
        oldest = f"iOS {clip(requires.ios)} or newer" if requires.ios else "oldest iOS not known"
    else:
        runtime = requires.tflite_runtime
        oldest = (
            f"TFLite (LiteRT) runtime {clip(runtime)} or newer"
            if runtime
            else "oldest TFLite runtime not known"
        )
    return element("b", oldest)


def _alarms(flavour: FlavourEntry, measured: FlavourEvidence) -> Markup | None:
    alarms: list[Markup] = []
    unknown = flavour.requires.unknown_operators
    if unknown:
        names = clip(", ".join(unknown), 400)
        alarms.append(
            join(
                element(
                    "b", f"Not certain that phones can run this: {count(len(unknown), 'unknown operator')}. "
                ),
                f"{names}. Newer than Fieldpack's table of runtimes: test on the oldest phone you support.",
            )
        )
    broken = [
        f"{output} ({precision})"
        for precision, run in measured.runs.items()
        for output, comparison in run.items()
        if not comparison.finite
    ]
    if broken:
        alarms.append(
            join(
                element("b", "Broken numbers (NaN or infinite) came out: "), clip(", ".join(broken), 300), "."
            )
        )
    notes = dict.fromkeys(
        note for run in measured.runs.values() for comparison in run.values() for note in comparison.notes
    )
    lines = [element("p", alarm, class_="alarm") for alarm in alarms]
    lines += [element("p", "Note: ", clip(note, 300), ".", class_="remark") for note in list(notes)[:5]]
    return join(*lines) if lines else None


def _recipe(flavour: FlavourEntry) -> Markup:
    compression = flavour.compression
    weights = flavour.kind is FlavourKind.COREML and any(
        rule.method.weights_only for rule in compression.recipe
    )
    unit = "weight" if weights else "operator"
    rules = [
        element(
            "li",
            element("b", rule.method.value),
            " on ",
            "all layers" if rule.layers == ".*" else join("layers like ", element("code", clip(rule.layers))),
            f" of type {clip(', '.join(rule.operators))}" if rule.operators else None,
            f": {count(matched, unit)} matched",
        )
        for rule, matched in list(zip(compression.recipe, compression.matched, strict=False))[:MOST_RULES]
    ]
    if weights:
        result = f"{count(compression.changed, unit)} stored in fewer bits."
    else:
        total = compression.changed + compression.unchanged
        kept = f"{compression.unchanged:,} stayed float32"
        result = f"{compression.changed:,} of {count(total, unit)} changed their number format, {kept}."
        if compression.without_weights:
            idle = count(compression.without_weights, "product")
            result += f" {idle} of two activations (attention) had no weights to store."
    return join(element("ol", *rules, class_="rules") if rules else None, element("span", result))


def _input(border: Border, contract: Contract) -> Markup:
    stated = next((item for item in contract.inputs if item.name == border.name), None)
    lines = [element("b", _tensor(border)), *_meaning(stated, border)]
    if border.quantization is not None:
        scale, zero = border.quantization.scale, border.quantization.zero_point
        formula = element("code", f"q = round(x / {scale:.9g}) + {zero}")
        lines.append(join("Then quantise: ", formula, f", kept inside {border.dtype}"))
    return element("ul", *[element("li", line) for line in lines], class_="plain")


def _tensor(border: Border) -> str:
    layout = f", {border.layout}" if border.layout else ""
    shape = ", ".join(str(length) for length in border.shape)
    return f"{border.dtype} [{shape}]{layout}, tensor {clip(border.tensor)}"


def _meaning(stated: Input | None, border: Border) -> list[Markup]:
    if isinstance(stated, ImageInput):
        return [_picture(stated), _scaling(border)]
    if isinstance(stated, SpectrogramInput):
        end, several = stated.front_end, len(stated.channels)
        return [
            join(
                f"Spectrogram, {stated.bands} bands × {stated.frames} frames, axes {', '.join(stated.axes)}",
                f"; {several} channels, of which the first:" if several > 1 else "",
            ),
            join(
                f"Sound at {end.sample_rate_hz:,} Hz, FFT {end.n_fft}, hop {end.hop_length}, ",
                f"power {end.power}, {end.log.kind} compression, ",
                f"normalisation {end.normalization.replace('_', ' ')}; ",
                f"scores of windows are joined by their {pooling_words(end.windows.pooling)}",
            ),
            _recording(end),
        ]
    if isinstance(stated, WaveformInput):
        sound = stated.front_end
        return [
            join(f"Waveform, {stated.samples:,} samples at {sound.sample_rate_hz:,} Hz"),
            join(
                f"Value scale {sound.value_scale.kind.replace('_', ' ')}; ",
                f"scores of windows are joined by their {pooling_words(sound.windows.pooling)}",
            ),
            _recording(sound),
        ]
    if isinstance(stated, RasterInput):
        return _raster(stated)
    if isinstance(stated, LocationInput):
        return [join(f"Place: latitude, longitude in degrees (WGS 84), encoded as {stated.encoding.kind}")]
    if stated is None:
        return []
    ends = f"from {significant(stated.low, 6)} to {significant(stated.high, 6)}"
    return [join(f"{clip(stated.meaning, 300)}; {ends}")]


def _recording(sound: SoundSpec) -> Markup:
    polyphase = "the filters in resampling/ of the bundle, which its FORMAT.md explains"
    filters = polyphase if sound.resampler.kind == "polyphase" else "soxr at quality HQ"
    channels = "their mean" if sound.channel_mix is ChannelMix.MEAN else "the first"
    refused = sound.low_rate is LowRate.REFUSE
    return join(
        f"Resample with {filters}; of several channels take {channels}; a recording below "
        f"{sound.sample_rate_hz:,} Hz is {'refused' if refused else 'taken with a warning'}"
    )


def _picture(stated: ImageInput) -> Markup:
    fit = stated.resize.fit
    if fit.kind == "stretch":
        crop = "stretched to the size"
    elif fit.kind == "pad":
        crop = f"fitted and padded with grey {fit.value}"
    else:
        crop = "largest centred crop"
        crop += "" if fit.fraction == 1 else f", {100 * fit.fraction:.4g}\u202f% of its sides"
    method = stated.resize.method.value.replace("_", " ")
    order = stated.color_order.value.upper()
    return join(f"{order} picture, {stated.width} × {stated.height} pixels; {crop}, {method}")


def _raster(stated: RasterInput) -> list[Markup]:
    masked = {"none": "no mask", "valid_is_1": "a last channel, 1 where there is data"}
    known = masked.get(stated.mask_channel, "a last channel, 1 where data are missing")
    lines = [
        join(
            f"Raster of {clip(stated.sensor)}, {stated.width} × {stated.height} pixels of ",
            f"{significant(stated.resolution, 6)} {stated.resolution_unit}",
        ),
        join(
            f"No data: NaN, masked pixels, the value {stated.no_data}; ",
            f"{significant(stated.fill, 6)} stands for it after scaling; {known}",
        ),
    ]
    for band in stated.bands:
        scale, offset = band.scaling.scale_offset()
        ends = "" if isinstance(band.clip, str) else f"clip to {band.clip[0]:.6g}..{band.clip[1]:.6g}, then "
        formula = f"x = value × {scale:.9g} + {offset:.9g}".replace("+ -", "− ")
        lines.append(join(f"Band {clip(band.name)}: {ends}", element("code", formula)))
    return lines


def _scaling(border: Border) -> Markup:
    if border.quantization is not None and border.scale is None:
        return join(element("b", "x is the pixel, 0..255"), "; the model scales it itself")
    if border.scale is None or border.offset is None:
        return join(element("b", "Feed pixels 0..255 as they are"), "; the model scales them itself")
    channels = [
        f"{scale:.9g}, {offset:.9g}" for scale, offset in zip(border.scale, border.offset, strict=False)
    ]
    if len(set(channels)) == 1:
        formula = f"x = pixel × {border.scale[0]:.9g} + {border.offset[0]:.9g}"
        return join(
            element("b", "Scale first: "), element("code", formula.replace("+ -", "− ")), " for pixels 0..255"
        )
    rows = [element("code", f"({pair}) ") for pair in channels]
    return join(
        element("b", "Scale first: "),
        "x = pixel × a + b for pixels 0..255, with (a, b) of each channel ",
        *rows,
    )


def _output(material: Material, border: Border) -> Markup:
    stated = next((item for item in material.manifest.contract.outputs if item.name == border.name), None)
    lines = [element("b", _tensor(border))]
    if stated is not None:
        lines.append(join(_numbers(stated, len(material.labels.get(border.name, ())))))
    if border.quantization is not None:
        formula = f"x = (q − {border.quantization.zero_point}) × {border.quantization.scale:.9g}"
        lines.append(join("Turn back: ", element("code", formula)))
    return element("ul", *[element("li", line) for line in lines], class_="plain")


def _numbers(stated: Output, labels: int) -> str:
    if stated.activation is Activation.LINEAR:
        unit, estimate = clip(stated.unit or "their own unit"), stated.estimate
        if estimate is None:
            return f"Values in {unit}"
        level = f" {significant(estimate.level, 4)}" if isinstance(estimate, Quantile) else ""
        return f"{estimate.kind.capitalize()}{level} of {clip(estimate.quantity)}, in {unit}"
    kind = {
        Activation.SOFTMAX: "probabilities that sum to 1 (softmax)",
        Activation.SIGMOID: "independent probabilities (sigmoid)",
        Activation.LOGITS: "raw scores (logits); apply a softmax for probabilities",
    }[stated.activation]
    if stated.sensitivity is not None:
        slope, limit = (
            significant(value, 6) for value in (stated.sensitivity.value, stated.sensitivity.limit)
        )
        kind = f"logits of independent labels; score = 1 / (1 + exp(−{slope} × clip(x, −{limit}, {limit})))"
    threshold = f"; present from {significant(stated.threshold, 4)}" if stated.threshold is not None else ""
    return f"{count(labels, 'label')}: {kind}{threshold}; labels in {clip(stated.labels or '')}"


def _operators(flavour: FlavourEntry) -> Markup:
    operators = sorted(flavour.requires.operators.items())
    tflite = flavour.kind is FlavourKind.TFLITE
    unknown = set(flavour.requires.unknown_operators)
    chips = [
        element(
            "li",
            element("code", clip(name, 60)),
            f" v{number}" if tflite else f" × {number}",
            " unknown" if strange else None,
            class_="unknown" if strange else None,
        )
        for name, number in operators[:MOST_OPERATORS]
        for strange in [bool({name, f"{name} v{number}", f"custom {name}"} & unknown)]
    ]
    more = len(operators) - MOST_OPERATORS
    return element(
        "details",
        element(
            "summary",
            f"{count(len(operators), 'kind')} of operator, {'with versions' if tflite else 'with counts'}",
        ),
        element("ul", *chips, class_="chips"),
        element("p", f"{more} more are not shown.") if more > 0 else None,
    )


def _figures(measured: FlavourEvidence) -> Markup | None:
    tables = [
        _figure_table(f"{output}, {PRECISIONS.get(precision, clip(precision))}{suffix}", comparison)
        for suffix, runs in (("", measured.runs), (", window by window", measured.windows))
        for precision, run in runs.items()
        for output, comparison in run.items()
    ]
    if not tables:
        return element("p", "Nothing was measured of this flavour.", class_="alarm")
    return element("details", element("summary", "All figures"), *tables[:MOST_TABLES])


def _figure_table(name: str, comparison: Comparison) -> Markup:
    rows: Sequence[Markup] = [
        element(
            "tr",
            element("th", title(figure.name), " ", element("code", clip(figure.name)), scope="row"),
            element("td", quantity(figure.value, figure.unit)),
            element("td", bounds(figure) or "–"),
            element("td", "–" if figure.n is None else f"{figure.n:,}"),
        )
        for figure in comparison.figures[:MOST_FIGURES]
    ]
    head = ("Figure", "Value", "95 % bounds", "n")
    table = element(
        "table",
        element("caption", clip(name)),
        element("thead", element("tr", *[element("th", cell, scope="col") for cell in head])),
        element("tbody", *rows),
    )
    return element("div", table, class_="scroll", tabindex="0")
