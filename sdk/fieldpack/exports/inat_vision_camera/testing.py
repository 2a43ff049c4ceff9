"""A tiny directory that both platforms load, written without frameworks, for tests that then break it.

Vision is ``softmax(W mean(picture / 255) + b)``, geo is ``sigmoid(W vector + b)``, the same numbers in
TFLite and in Core ML. The taxonomy has fractional ranks and a name with a comma.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.exports.inat_vision_camera import facts
from fieldpack.tflite.editing import TfliteEditor

COUNT = 4
FLOAT32, FLOAT64, FLOAT16, INT32 = 65568, 65600, 65552, 131104
RGB, GRAYSCALE = 20, 10
ANDROID_VISION, ANDROID_GEO, CSV = "vision.tflite", "geo.tflite", "taxonomy.csv"
IOS_VISION, IOS_GEO, JSON, ENV = "vision.mlmodel", "geo.mlmodel", "taxonomy.json", ".env"
CONFIDENT = 8.0
"""Weights of the vision model are that large, so that pictures differ clearly and none is certain."""

TAXA: tuple[dict[str, Any], ...] = (
    {"parent_taxon_id": None, "taxon_id": 1, "rank_level": 70, "leaf_class_id": None, "name": "Animalia"},
    {"parent_taxon_id": 1, "taxon_id": 47158, "rank_level": 50, "leaf_class_id": None, "name": "Insecta"},
    {
        "parent_taxon_id": 47158,
        "taxon_id": 900,
        "rank_level": 33.5,
        "leaf_class_id": None,
        "name": "Anthophila",
    },
    {"parent_taxon_id": 900, "taxon_id": 901, "rank_level": 10, "leaf_class_id": 0, "name": "Apis mellifera"},
    {
        "parent_taxon_id": 900,
        "taxon_id": 902,
        "rank_level": 10,
        "leaf_class_id": 1,
        "name": "Bombus, sensu lato",
    },
    {
        "parent_taxon_id": 47158,
        "taxon_id": 903,
        "rank_level": 34.5,
        "leaf_class_id": 2,
        "name": "Lepidoptera",
    },
    {"parent_taxon_id": None, "taxon_id": 47126, "rank_level": 70, "leaf_class_id": 3, "name": "Plantae"},
)
THRESHOLDS = (0.25, 0.5, 0.125, 0.0625)


@dataclass(frozen=True)
class Weights:
    """One dense layer."""

    matrix: NDArray[np.float32]
    bias: NDArray[np.float32]


def vision_weights(count: int = COUNT) -> Weights:
    """Of the vision model, [count, 3]."""
    rng = np.random.default_rng(1)
    matrix = (CONFIDENT * rng.normal(size=(count, 3))).astype(np.float32)
    return Weights(matrix, (-matrix.mean(axis=1) * 1.5).astype(np.float32))


def geo_weights(count: int = COUNT) -> Weights:
    """Of the geo model, [count, 5]; elevation counts."""
    rng = np.random.default_rng(2)
    return Weights(rng.normal(size=(count, 5)).astype(np.float32), rng.normal(size=count).astype(np.float32))


def vision_tflite(
    shape: Sequence[int] = facts.VISION_INPUT,
    weights: Weights | None = None,
    last: str | None = "SOFTMAX",
    scaled: bool = True,
) -> TfliteEditor:
    """A vision model for Android, open for changes."""
    weights = weights or vision_weights()
    count = len(weights.bias)
    model = TfliteEditor()
    first = model.tensor("input_1", shape)
    picture = first
    if scaled:
        factor = model.tensor("scale", (), values=np.array(1 / facts.PIXELS, np.float32))
        picture = model.tensor("scaled", shape)
        model.operator("MUL", (first, factor), (picture,), options="MulOptions")
    axes = model.tensor("axes", (2,), "int32", np.array([1, 2], np.int32))
    mean = model.tensor("mean", (1, 3))
    model.operator("MEAN", (picture, axes), (mean,), options="ReducerOptions", keepDims=0)
    scores = _dense(model, mean, weights)
    if last is not None:
        result = model.tensor("Identity", (1, count))
        _activation(model, last, scores, result)
        scores = result
    model.ends((first,), (scores,))
    return model


def geo_tflite(weights: Weights | None = None, last: str | None = "LOGISTIC") -> TfliteEditor:
    """A geo model for Android, open for changes."""
    weights = weights or geo_weights()
    model = TfliteEditor()
    first = model.tensor("input_1", (1, weights.matrix.shape[1]))
    scores = _dense(model, first, weights)
    if last is not None:
        result = model.tensor("Identity", (1, len(weights.bias)))
        _activation(model, last, scores, result)
        scores = result
    model.ends((first,), (scores,))
    return model


def _dense(model: TfliteEditor, before: int, weights: Weights) -> int:
    matrix = model.tensor("matrix", weights.matrix.shape, values=weights.matrix)
    bias = model.tensor("bias", weights.bias.shape, values=weights.bias)
    logits = model.tensor("logits", (1, len(weights.bias)))
    model.operator("FULLY_CONNECTED", (before, matrix, bias), (logits,), options="FullyConnectedOptions")
    return logits


def _activation(model: TfliteEditor, name: str, before: int, after: int) -> None:
    if name == "SOFTMAX":
        model.operator(name, (before,), (after,), options="SoftmaxOptions", beta=1)
    else:
        model.operator(name, (before,), (after,))


class CoreMlWriter:
    """A neural network under construction, as Core ML's older format has it."""

    def __init__(self, specification: int = 4) -> None:
        from fieldpack.coreml import schema
        from fieldpack.coreml.neural.schema import message

        self.model = schema.message("Model")
        self.model.specificationVersion = specification
        self.network = message("NeuralNetwork")
        self.network.arrayInputShapeMapping = self.network.imageInputShapeMapping = 1

    def image(self, name: str, height: int, width: int, color: int = RGB) -> None:
        """Declare a picture input."""
        picture = self.model.description.input.add(name=name).type.imageType
        picture.height, picture.width, picture.colorSpace = height, width, color

    def array(self, name: str, shape: Sequence[int], dtype: int = FLOAT32, out: bool = False) -> None:
        """Declare an array input or output."""
        listed = self.model.description.output if out else self.model.description.input
        array = listed.add(name=name).type.multiArrayType
        array.shape.extend(shape)
        array.dataType = dtype

    def layer(self, kind: str, before: str, after: str, **scalars: Any) -> Any:
        """Add a layer; gives its parameters."""
        entry = self.network.layers.add(name=after)
        entry.input.append(before)
        entry.output.append(after)
        params = getattr(entry, kind)
        params.SetInParent()
        for key, value in scalars.items():
            if isinstance(value, list):
                getattr(params, key).extend(value)
            else:
                setattr(params, key, value)
        return params

    def dense(self, before: str, after: str, weights: Weights) -> None:
        """Add a dense layer."""
        count, width = weights.matrix.shape
        params = self.layer(
            "innerProduct", before, after, inputChannels=width, outputChannels=count, hasBias=True
        )
        params.weights.floatValue.append(weights.matrix.tobytes())
        params.bias.floatValue.append(weights.bias.tobytes())

    def content(self) -> bytes:
        """The ``.mlmodel`` file."""
        self.model.neuralNetwork = self.network.SerializeToString()
        data: bytes = self.model.SerializeToString()
        return data


def vision_core_ml(
    size: int = facts.SIZE,
    weights: Weights | None = None,
    scale: float | None = 1 / facts.PIXELS,
    shape: Sequence[int] | None = None,
    dtype: int = FLOAT32,
    color: int = RGB,
    softmax: bool = True,
    specification: int = 4,
) -> CoreMlWriter:
    """A vision model for iOS, open for changes."""
    weights = weights or vision_weights()
    model = CoreMlWriter(specification)
    model.image("image", size, size, color)
    if scale is not None:
        preprocessing = model.network.preprocessing.add(featureName="image")
        preprocessing.scaler.channelScale = scale
    model.layer("reduceMean", "image", "mean", axes=[2, 3], keepDims=False)
    model.dense("mean", "logits" if softmax else facts.GEO_OUTPUT_NAME, weights)
    if softmax:
        model.layer("softmaxND", "logits", facts.GEO_OUTPUT_NAME, axis=-1)
    stated = (1, len(weights.bias)) if shape is None else shape
    model.array(facts.GEO_OUTPUT_NAME, stated, dtype, out=True)
    return model


def geo_core_ml(
    weights: Weights | None = None,
    name: str = facts.GEO_INPUT_NAME,
    result: str = facts.GEO_OUTPUT_NAME,
    shape: Sequence[int] | None = None,
    dtype: int = FLOAT32,
    input_dtype: int = FLOAT64,
    sigmoid: bool = True,
    specification: int = 4,
) -> CoreMlWriter:
    """A geo model for iOS, open for changes."""
    weights = weights or geo_weights()
    model = CoreMlWriter(specification)
    model.array(name, (1, weights.matrix.shape[1]), input_dtype)
    model.dense(name, "logits" if sigmoid else result, weights)
    if sigmoid:
        params = model.layer("activation", "logits", result)
        params.sigmoid.SetInParent()
    model.array(result, (1, len(weights.bias)) if shape is None else shape, dtype, out=True)
    return model


def taxa() -> list[dict[str, Any]]:
    """The taxa with their thresholds, as JSON has them; a fresh copy every time."""
    rows = [dict(row, geo_threshold=None) for row in TAXA]
    for row in rows:
        if row["leaf_class_id"] is not None:
            row["geo_threshold"] = THRESHOLDS[row["leaf_class_id"]]
    return rows


def csv_text(rows: list[dict[str, Any]], columns: Sequence[str] = facts.COLUMNS) -> str:
    """The same as CSV."""
    lines = [",".join(columns)]
    lines += [",".join("" if row[key] is None else str(row[key]) for key in columns) for row in rows]
    return "\n".join(lines) + "\n"


def env_text(version: str = facts.DEFAULT_MODEL_VERSION) -> str:
    """The env fragment."""
    names = (ANDROID_VISION, CSV, ANDROID_GEO, IOS_VISION, JSON, IOS_GEO)
    lines = [f"{key}={name}" for key, name in zip(facts.ENV_KEYS, names, strict=True)]
    return "\n".join([*lines, f"{facts.VERSION_KEY}={version}", ""])


def write_taxonomies(folder: Path, rows: list[dict[str, Any]]) -> None:
    """Write both taxonomy files."""
    (folder / CSV).write_text(csv_text(rows), encoding="utf-8", newline="\n")
    (folder / JSON).write_text(json.dumps(rows), encoding="utf-8")


def write_directory(folder: Path) -> Path:
    """Write the directory; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ANDROID_VISION).write_bytes(vision_tflite().content())
    (folder / ANDROID_GEO).write_bytes(geo_tflite().content())
    (folder / IOS_VISION).write_bytes(vision_core_ml().content())
    (folder / IOS_GEO).write_bytes(geo_core_ml().content())
    write_taxonomies(folder, taxa())
    (folder / ENV).write_text(env_text(), encoding="utf-8", newline="\n")
    return folder
