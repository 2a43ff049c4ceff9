"""Bundles of pictures and of places with both kinds of flavours, made by hand for tests of the export."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.digest import content_digest, folder_entries, sha256_bytes
from fieldpack.bundle.labels import labels_bytes
from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.bundle.thresholds import thresholds_bytes
from fieldpack.bundle.write import BundleWriter
from fieldpack.coreml.conftest import Handmade
from fieldpack.exports.inat_vision_camera import testing
from fieldpack.runtime.flavour import open_flavour
from fieldpack.taxonomy import Form, parse_taxonomy, write_taxonomy
from fieldpack.tflite.editing import TfliteEditor

LABELS = ("Apis mellifera", "Bombus, sensu lato", "Lepidoptera", "Plantae")
EXAMPLES = 5
MEAN_STD = {"kind": "mean_std", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
UNIT = {"kind": "range", "low": 0.0, "high": 1.0}


@dataclass(frozen=True)
class PictureModel:
    """What a picture bundle is to be."""

    size: int = 299
    activation: str = "logits"
    normalization: dict[str, Any] | None = None
    color: str = "rgb"
    integers: bool = False
    taxonomy: bool = True
    outputs: int = 1
    opset: str = "CoreML5"

    @property
    def stated(self) -> dict[str, Any]:
        """The contract's input."""
        return {
            "kind": "image",
            "name": "image",
            "height": self.size,
            "width": self.size,
            "color_order": self.color,
            "layout": "NHWC",
            "normalization": self.normalization or UNIT,
            "resize": {"method": "bilinear", "fit": {"kind": "center_crop", "fraction": 1.0}},
        }

    def scale_offset(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """From pixels to the tensor."""
        from fieldpack.contract import ImageInput

        return ImageInput.model_validate(self.stated).scale_offset()


def pattern(size: int) -> NDArray[np.float32]:
    """What every pixel counts, [1, size, size]: 1 and fine noise, so that half a pixel makes a difference."""
    noise = np.random.default_rng(6).choice([-1.0, 1.0], (1, size, size)) * size / 8
    return np.asarray(1 + noise, np.float32)


def picture_tflite(model: PictureModel) -> bytes:
    """A dense layer on mean colours, weighted by a pattern; with integers, pixels and softmax are 8 bits."""
    editor, shape = TfliteEditor(), (1, model.size, model.size, 3)
    x = editor.tensor("image", shape)
    first = x
    if model.integers:
        first = editor.tensor("bytes", shape, "int8", scale=(1 / 255,), zero_point=(-128,))
        editor.operator("DEQUANTIZE", (first,), (x,), version=2, options="DequantizeOptions")
    axes = editor.tensor("axes", (2,), "int32", np.array([1, 2], np.int32))
    mean, seen = editor.tensor("mean", (1, 3)), editor.tensor("seen", shape)
    mask = editor.tensor("mask", (1, model.size, model.size, 1), values=pattern(model.size)[..., None])
    editor.operator("MUL", (x, mask), (seen,), options="MulOptions")
    editor.operator("MEAN", (seen, axes), (mean,), options="ReducerOptions", keepDims=0)
    weights = testing.vision_weights()
    matrix = editor.tensor("matrix", weights.matrix.shape, values=weights.matrix)
    bias = editor.tensor("bias", weights.bias.shape, values=weights.bias)
    logits = editor.tensor("logits", (1, testing.COUNT))
    editor.operator("FULLY_CONNECTED", (mean, matrix, bias), (logits,), options="FullyConnectedOptions")
    last = logits
    if model.integers:
        codes = editor.tensor("codes", (1, testing.COUNT), "int8", scale=(0.125,), zero_point=(0,))
        last = editor.tensor("shares", (1, testing.COUNT), "int8", scale=(1 / 256,), zero_point=(-128,))
        editor.operator("QUANTIZE", (logits,), (codes,), options="QuantizeOptions")
        editor.operator("SOFTMAX", (codes,), (last,), version=2, options="SoftmaxOptions", beta=1)
    elif model.activation == "softmax":
        last = editor.tensor("scores", (1, testing.COUNT))
        editor.operator("SOFTMAX", (logits,), (last,), options="SoftmaxOptions", beta=1)
    outputs = {"scores": last} if model.outputs == 1 else {"scores": last, "colour": mean}
    editor.ends((first,), tuple(outputs.values()))
    editor.signature("serving_default", {"image": first}, outputs)
    return editor.content()


def program_of(folder: Path, opset: str) -> Handmade:
    """An empty program for iOS 15 or 16."""
    return Handmade(folder, opset, {"CoreML5": 6, "CoreML6": 7}[opset])


def picture_program(model: PictureModel, folder: Path) -> Path:
    """The same as an ML Program, channels first."""
    made, weights = program_of(folder, model.opset), testing.vision_weights()
    x = made.input("image", "float32", (1, 3, model.size, model.size))
    axes = np.array([2, 3], np.int32)
    seen = made.op(
        "mul", "seen", "float32", (1, 3, model.size, model.size), x=x, y=pattern(model.size)[:, None]
    )
    mean = made.op("reduce_mean", "colour", "float32", (1, 3), x=seen, axes=axes, keep_dims=np.array(False))
    name = "logits" if model.activation == "softmax" else "scores"
    made.op("linear", name, "float32", (1, 4), x=mean, weight=weights.matrix, bias=weights.bias)
    if model.activation == "softmax":
        made.op("softmax", "scores", "float32", (1, 4), x="logits", axis=np.array(-1, np.int32))
    made.output("scores", "float32", (1, 4))
    if model.outputs > 1:
        made.output("colour", "float32", (1, 3))
    return made.save()


def picture_bundle(target: Path, model: PictureModel = PictureModel()) -> Path:
    """Write the bundle of pictures; returns it."""
    scale, offset = model.scale_offset()
    rng = np.random.default_rng(8)
    tint = rng.integers(0, 256, (EXAMPLES, 1, 1, 3))
    noise = rng.integers(-60, 60, (EXAMPLES, model.size, model.size, 3))
    pixels = (tint + noise).clip(0, 255).astype(np.uint8)
    common = {"name": "image", "tensor": "image", "scale": scale, "offset": offset}
    shape = (1, model.size, model.size, 3)
    tflite_in = Border(**common, shape=shape, dtype="float32", layout="NHWC")
    shares: dict[str, Any] = {"dtype": "float32"}
    if model.integers:
        zero = {"scale": 1 / 255, "zero_point": -128}
        tflite_in = Border(**common, shape=shape, dtype="int8", layout="NHWC", quantization=zero)
        shares = {"dtype": "int8", "quantization": {"scale": 1 / 256, "zero_point": -128}}
    core_ml_in = Border(**common, shape=(1, 3, *shape[1:3]), dtype="float32", layout="NCHW")
    outputs = [Border(name="scores", tensor="scores", shape=(1, 4), **shares)]
    plain = [Border(name="scores", tensor="scores", shape=(1, 4), dtype="float32")]
    stated = [{"name": "scores", "activation": model.activation, "labels": "labels.txt"}]
    if model.taxonomy:
        stated[0]["taxonomy"] = "taxonomy.csv"
    if model.outputs > 1:
        outputs.append(Border(name="colour", tensor="colour", shape=(1, 3), dtype="float32"))
        plain.append(outputs[-1])
        stated.append({"name": "colour", "activation": "linear", "unit": "share"})
    with BundleWriter(target) as writer:
        if model.taxonomy:
            given = parse_taxonomy(testing.csv_text(testing.taxa()).encode(), testing.CSV)
            writer.add_bytes("taxonomy.csv", write_taxonomy(given, Form.PLAIN))
        writer.add_bytes("model.tflite", picture_tflite(model))
        package = picture_program(model, target.parent / f"{target.name}-program")
        shutil.copytree(package, writer.path("model.mlpackage"))
        files = [("tflite", "model.tflite", tflite_in, outputs)]
        files.append(("coreml", "model.mlpackage", core_ml_in, plain))
        _commit(writer, "pictures", model.stated, stated, pixels, files)
    return target


def place_bundle(
    target: Path,
    encoding: Any = "inaturalist_5",
    activation: str = "sigmoid",
    labels: tuple[str, ...] = LABELS,
    fitted: dict[str, list[float]] | None = None,
) -> Path:
    """Write the bundle of places, ``sigmoid(W vector + b)``; returns it.

    `fitted` holds thresholds by kind of flavour, NaN for none.
    """
    weights = testing.geo_weights()
    width = 4 if encoding == "sin_cos_4" else 5
    cut = testing.Weights(weights.matrix[:, :width], weights.bias)
    last = "LOGISTIC" if activation == "sigmoid" else None
    made = program_of(target.parent / f"{target.name}-program", "CoreML5")
    x = made.input("place", "float32", (1, width))
    name = "raw" if last else "scores"
    made.op("linear", name, "float32", (1, 4), x=x, weight=cut.matrix, bias=cut.bias)
    if last:
        made.op("sigmoid", "scores", "float32", (1, 4), x="raw")
    made.output("scores", "float32", (1, 4))
    editor = testing.geo_tflite(cut, last)
    editor.rename(editor.inputs[0], "place")
    editor.rename(editor.outputs[0], "scores")
    vectors = np.random.default_rng(4).uniform(-1, 1, (EXAMPLES, width)).astype(np.float32)
    output = {"name": "scores", "activation": activation, "labels": "labels.txt", "threshold": 0.5}
    if activation == "logits":
        output["sensitivity"] = {"value": 1.25, "limit": 3.0}
    item = {"kind": "location", "name": "place", "encoding": encoding}
    border = Border(name="place", tensor="place", shape=(1, width), dtype="float32")
    outputs = [Border(name="scores", tensor="scores", shape=(1, 4), dtype="float32")]
    with BundleWriter(target) as writer:
        if fitted is not None:
            output["thresholds"] = "thresholds.csv"
            writer.add_bytes("thresholds.csv", thresholds_bytes(labels, np.full(4, 0.5, np.float32)))
            for kind, values in fitted.items():
                data = thresholds_bytes(labels, np.array(values, np.float32))
                writer.add_bytes(f"thresholds-{kind}.csv", data)
        writer.add_bytes("model.tflite", editor.content())
        shutil.copytree(made.save(), writer.path("model.mlpackage"))
        files = [("tflite", "model.tflite", border, outputs), ("coreml", "model.mlpackage", border, outputs)]
        _commit(writer, "places", item, [output], vectors, files, labels, fitted or ())
    return target


def _commit(
    writer: BundleWriter,
    name: str,
    item: dict[str, Any],
    outputs: list[dict[str, Any]],
    golden: NDArray[Any],
    files: list[tuple[str, str, Border, list[Border]]],
    labels: tuple[str, ...] = LABELS,
    fitted: Collection[str] = (),
) -> None:
    writer.add_bytes("labels.txt", labels_bytes(labels))
    writer.add_bytes("golden/input.npy", npy_bytes(golden))
    writer.add_bytes("evidence/parity.json", b"{}\n")
    flavours: list[dict[str, Any]] = []
    source: dict[str, NDArray[Any]] = {}
    for kind, path, border, results in files:
        place = writer.path(path)
        runner = open_flavour(FlavourKind(kind), place, (border,), tuple(results))
        given = runner.run({border.name: golden})
        source = source or given
        for key, scores in given.items():
            writer.add_bytes(f"golden/{kind}/{key}.npy", npy_bytes(scores))
        flavours.append(_flavour(kind, path, place, border, results))
        if kind in fitted:
            flavours[-1]["thresholds"] = {"scores": f"thresholds-{kind}.csv"}
    for key, scores in source.items():
        writer.add_bytes(f"golden/{key}.npy", npy_bytes(scores))
    writer.commit(_fields(name, item, outputs, flavours, list(source)))


def _flavour(kind: str, path: str, place: Path, border: Border, outputs: list[Border]) -> dict[str, Any]:
    entries = folder_entries(place) if place.is_dir() else {}
    size = sum(entry.size_bytes for entry in entries.values()) or place.stat().st_size
    names = [output.name for output in outputs]
    return {
        "name": f"{kind}-float32",
        "kind": kind,
        "path": path,
        "digest": content_digest(place),
        "installed_bytes": size,
        "download_bytes": 500,
        "inputs": [border.model_dump()],
        "outputs": [output.model_dump() for output in outputs],
        "requires": {"operators": {"FULLY_CONNECTED": 1}},
        "compression": {
            "recipe": [{"method": "float32", "layers": ".*"}],
            "matched": [1],
            "changed": 0,
            "unchanged": 1,
        },
        "golden": {
            "files": {name: f"golden/{kind}/{name}.npy" for name in names},
            "tolerance": dict.fromkeys(names, 1e-6),
        },
    }


def _fields(
    name: str,
    item: dict[str, Any],
    outputs: list[dict[str, Any]],
    flavours: list[dict[str, Any]],
    results: list[str],
) -> dict[str, Any]:
    return {
        "name": name,
        "version": "1.0.0",
        "description": "Made by hand.",
        "license": "CC0-1.0",
        "contract": {"inputs": [item], "outputs": outputs},
        "flavours": flavours,
        "golden": {
            "ids": [f"example-{number}" for number in range(EXAMPLES)],
            "inputs": {item["name"]: "golden/input.npy"},
            "outputs": {key: f"golden/{key}.npy" for key in results},
        },
        "lineage": {
            "source_kind": "keras",
            "source_digest": sha256_bytes(b"source"),
            "source_parameters": 15,
            "spec_digest": sha256_bytes(b"spec"),
            "seed": 0,
            "tools": {"fieldpack": "0.1.0"},
            "data": {"evaluation": {"description": "seeded", "count": 5, "digest": sha256_bytes(b"data")}},
        },
        "budget": {"every": {"installed_bytes": 100_000_000}},
        "verdicts": [],
        "evidence": "evidence/parity.json",
    }
