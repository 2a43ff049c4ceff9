"""The exported files on golden vectors, beside the flavours that they were made of.

A flavour takes what the contract prepares, the exported file what the plugin feeds; both must give the same
scores. Where the model has another size than the plugin's, golden pictures are brought to 299 x 299, and what
the flavour gets is computed here in float64, apart from the resize in the graph. An 8-bit TFLite flavour may
round a pixel the other way for a difference of 0.001; so it gets what LiteRT's own resize makes of it,
which is held against the one in float64. TFLite figures are evidence ``host``, Core ML ``reference``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldpack.bundle.manifest import FlavourKind
from fieldpack.contract import Activation, ImageInput
from fieldpack.errors import ConversionError
from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.source_models import (
    SourceModel,
    elevation_factors,
)
from fieldpack.exports.inat_vision_camera.tflite_surgery import has_integer_softmax
from fieldpack.runtime.flavour import EVIDENCE, open_flavour

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLOATS = 1e-3
"""Allowed beside the flavour's own tolerance: other kernels, and steps of inputs in integers at ties."""
INTEGER_STEPS = 2 / 256
"""Allowed where a softmax in integers was replaced: it rounds to steps of 1/256."""
MOST = 16
GREY_LEVELS = 0.01
"""How far a resize may lie from the one in float64, of 255."""


@dataclass(frozen=True, slots=True)
class GoldenFigure:
    """One exported file beside its flavour.

    Attributes
    ----------
    file, flavour : str
        What was compared.
    difference : float
        Largest absolute difference of a score.
    tolerance : float
        What is allowed.
    count : int
        Vectors.
    same_first : float
        Share of vectors whose highest score is the source model's own; pictures of the plugin's size only,
        else NaN.
    evidence : str
        How the file was run.
    """

    file: str
    flavour: str
    difference: float
    tolerance: float
    count: int
    same_first: float
    evidence: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "file": self.file,
            "flavour": self.flavour,
            "difference": self.difference,
            "tolerance": self.tolerance,
            "count": self.count,
            "same_first_as_source": None if np.isnan(self.same_first) else self.same_first,
            "evidence": self.evidence,
        }


def check_golden(source: SourceModel, kind: FlavourKind, file: Path, floor: float = 0.0) -> GoldenFigure:
    """Run a file and its flavour.

    Raises
    ------
    ConversionError
        They give different scores.
    FieldpackError
        One of them does not run.
    """
    flavour = source.flavours[kind]
    fed, prepared = _vectors(source, kind)
    runner = open_flavour(kind, source.path(kind), flavour.inputs, flavour.outputs)
    name = source.bundle.manifest.contract.inputs[0].name
    wanted = _activated(source, runner.run({name: prepared})[source.output.name].reshape(len(fed), -1), floor)
    got = _run(kind, file, fed)
    difference = float(np.abs(got - wanted).max()) if np.isfinite(got).all() else float("inf")
    figure = GoldenFigure(
        file.name,
        flavour.name,
        difference,
        _tolerance(source, kind),
        len(fed),
        _same_first(source, got),
        EVIDENCE[kind].value,
    )
    if difference > figure.tolerance:
        raise ConversionError(
            f"{file.name} does not give the scores of {flavour.name}",
            came=f"{difference:.3g} apart on {len(fed)} golden vectors",
            allowed=f"{figure.tolerance:.3g}",
            hint="nothing was written; take another flavour with --flavour NAME and report this one",
        )
    return figure


def _tolerance(source: SourceModel, kind: FlavourKind) -> float:
    recorded = source.flavours[kind].golden.tolerance[source.output.name]
    integers = kind is FlavourKind.TFLITE and has_integer_softmax(source.path(kind).read_bytes())
    return recorded + FLOATS + (INTEGER_STEPS if integers else 0.0)


def _vectors(source: SourceModel, kind: FlavourKind) -> tuple[NDArray[Any], NDArray[Any]]:
    """What the plugin feeds, and what the contract prepares of the same."""
    golden = next(iter(source.bundle.golden_inputs().values()))[:MOST]
    if isinstance(source.input, ImageInput):
        sizes = (source.input.height, source.input.width)
        fed = np.rint(resized(golden, facts.SIZE, facts.SIZE)).astype(np.uint8)
        prepared = resized(fed, *sizes)
        if kind is FlavourKind.TFLITE and fed.shape[1:3] != sizes:
            prepared = _resized_by_litert(fed, prepared)
        is_bgr = source.input.color_order.value == "bgr"
        return fed, (prepared[..., ::-1] if is_bgr else prepared).astype(np.float32)
    if source.input.encoding.kind == "sin_cos_4":
        return np.pad(golden, [(0, 0), (0, 1)]).astype(np.float32), golden
    high, low = elevation_factors(source.input)
    fed = golden.astype(np.float64)
    fed[:, 4] = np.where(fed[:, 4] > 0, fed[:, 4] / high, fed[:, 4] / low)
    return fed.astype(np.float32), golden


def resized(pictures: NDArray[Any], height: int, width: int) -> NDArray[np.float64]:
    """Bilinear without antialiasing, centres of pixels half a pixel inside, [N, H, W, C] in float64."""
    data: NDArray[np.float64] = pictures.astype(np.float64)
    for axis, size in ((1, height), (2, width)):
        old = data.shape[axis]
        if old == size:
            continue
        at = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
        low = np.minimum(at.astype(int), max(old - 2, 0))
        share = (at - low).reshape([-1 if k == axis else 1 for k in range(data.ndim)])
        data = (
            np.take(data, low, axis) * (1 - share) + np.take(data, np.minimum(low + 1, old - 1), axis) * share
        )
    return data


def _resized_by_litert(pictures: NDArray[np.uint8], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """The resize by LiteRT's operator alone.

    Raises
    ------
    ConversionError
        It is another one than that in float64.
    """
    from fieldpack.tflite.editing import TfliteEditor
    from fieldpack.tflite.runner import TfliteRunner

    model, sizes = TfliteEditor(), np.array(wanted.shape[1:3], np.int32)
    first = model.tensor("pixels", (1, *pictures.shape[1:]))
    last = model.tensor("resized", (1, *wanted.shape[1:]))
    size = model.tensor("size", (2,), "int32", sizes)
    settings: dict[str, Any] = {
        "options": "ResizeBilinearOptions",
        "halfPixelCenters": True,
        "alignCorners": False,
    }
    model.operator("RESIZE_BILINEAR", (first, size), (last,), version=3, **settings)
    model.ends((first,), (last,))
    runner = TfliteRunner(model.content())
    made = [runner.run({"pixels": row[None].astype(np.float32)})["resized"] for row in pictures]
    got: NDArray[np.float64] = np.concatenate(made).astype(np.float64)
    if (apart := float(np.abs(got - wanted).max())) > GREY_LEVELS:
        raise ConversionError(
            "LiteRT resizes otherwise than the exported file must",
            came=f"{apart:.3g} grey levels apart",
            allowed=f"{GREY_LEVELS} of 255",
        )
    return got


def _activated(source: SourceModel, scores: NDArray[Any], floor: float) -> NDArray[np.float64]:
    """What the plugin must see of the flavour's own scores."""
    values = scores.astype(np.float64)
    if source.output.activation is Activation.LOGITS and isinstance(source.input, ImageInput):
        shares = np.exp(values - values.max(axis=-1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=-1, keepdims=True))
    if (steepness := source.output.sensitivity) is not None:
        held = np.clip(values, -steepness.limit, steepness.limit)
        values = 1 / (1 + np.exp(-steepness.value * held))
    return np.maximum(values, floor)


def _run(kind: FlavourKind, file: Path, fed: NDArray[Any]) -> NDArray[np.float64]:
    """An exported file as the plugin calls it, one by one."""
    if kind is FlavourKind.TFLITE:
        from fieldpack.tflite.runner import TfliteRunner

        runner = TfliteRunner(file)
        name = runner.inputs[0].name
        results = [next(iter(runner.run({name: row[None].astype(np.float32)}).values())) for row in fed]
    else:
        from fieldpack.coreml.engine import open_engine
        from fieldpack.coreml.package import open_package

        package = open_package(file)
        engine, feature = open_engine(package), package.inputs[0]
        rows = fed if feature.kind == "image" else fed.astype(feature.dtype)
        results = [next(iter(engine.run({feature.name: row[None]}).values())) for row in rows]
    scores: NDArray[np.float64] = np.concatenate(results).astype(np.float64)
    return scores


def _same_first(source: SourceModel, got: NDArray[Any]) -> float:
    if not isinstance(source.input, ImageInput) or source.input.shape != facts.VISION_INPUT[1:]:
        return float("nan")
    own = source.bundle.golden_outputs()[source.output.name][: len(got)]
    return float((own.reshape(len(got), -1).argmax(axis=-1) == got.argmax(axis=-1)).mean())
