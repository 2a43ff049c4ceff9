"""Small whole bundles of pictures, sounds and places, on which changes are planted, without a framework."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.thresholds import thresholds_bytes
from fieldpack.difference.testing import Fields, Files, varied_bundle
from fieldpack.recordings.testing import tone_bundle, tone_contract
from fieldpack.taxonomy import Form, Taxon, Taxonomy, write_taxonomy
from fieldpack.testing import TINY_LABELS, TINY_MODEL, dense_tflite, tiny_bundle

SIDE = 4
LABELS = "labels.txt"
TREE = "labels.taxonomy.csv"
THRESHOLDS = "thresholds.csv"
OWN_THRESHOLDS = "tflite-float32.thresholds.csv"
GOLDEN = {"source": "golden/scores.npy", "flavour": "golden/tflite-float32/scores.npy"}
IMAGE: Fields = {
    "kind": "image",
    "name": "image",
    "height": SIDE,
    "width": SIDE,
    "color_order": "rgb",
    "layout": "NHWC",
    "normalization": {"kind": "range", "low": -1.0, "high": 1.0},
    "resize": {"method": "bilinear", "fit": {"kind": "center_crop", "fraction": 0.875}},
}
PLACE: Fields = {
    "kind": "location",
    "name": "place",
    "encoding": {"kind": "inaturalist_5", "highest_m": 5705.63, "lowest_m": 32768.0, "missing_m": -32768.0},
}
TAXA = (
    Taxon("10", None, "Hymenoptera", 40.0),
    Taxon("20", None, "Lepidoptera", 40.0),
    Taxon("1", "10", "bee", 10.0, 0),
    Taxon("2", "20", "moth", 10.0, 1),
    Taxon("3", "10", "wasp", 10.0, 2),
)
Weights = NDArray[np.float32]


def picture_bundle(target: Path) -> Path:
    """Pictures of 4 x 4 pixels; three labels with a taxonomy, a second output, and two flavours."""

    def edit(fields: Fields, files: Files) -> None:
        fields["contract"]["inputs"] = [IMAGE]
        traits = {"name": "traits", "activation": "linear", "unit": "score"}
        outputs = fields["contract"]["outputs"]
        outputs[0]["taxonomy"] = TREE
        fields["contract"]["outputs"] = [*outputs, traits]
        pixels = np.random.default_rng(3).integers(0, 256, (5, SIDE, SIDE, 3)).astype(np.uint8)
        _take(fields, files, "image", pixels, [1, SIDE, SIDE, 3])
        files[TREE] = write_taxonomy(Taxonomy(TAXA), Form.PLAIN)
        set_weights(fields, files, class_weights(3, SIDE * SIDE * 3))
        fields["golden"]["outputs"]["traits"] = "golden/traits.npy"
        files["golden/traits.npy"] = npy_bytes(np.zeros((5, 2), np.float32))
        for flavour in fields["flavours"]:
            flavour["outputs"].append(
                {"name": "traits", "tensor": "traits", "shape": [1, 2], "dtype": "float32"}
            )
            flavour["golden"]["files"]["traits"] = "golden/traits.npy"
            flavour["golden"]["tolerance"]["traits"] = 1e-6
        fields["flavours"][1]["requires"] = {"operators": {"linear": 1, "softmax": 1}, "ios": "15"}

    tiny = tiny_bundle(target.with_name(f"{target.name}-tiny"), folder_flavour=True)
    return varied_bundle(tiny, target, edit)


def place_bundle(target: Path) -> Path:
    """Places in iNaturalist's encoding; labels with thresholds, of the source and of the flavour."""

    def edit(fields: Fields, files: Files) -> None:
        fields["contract"]["inputs"] = [PLACE]
        output = {"activation": "sigmoid", "threshold": 0.5, "thresholds": THRESHOLDS}
        fields["contract"]["outputs"][0] |= output
        vectors = np.random.default_rng(5).uniform(-1, 1, (5, 5)).astype(np.float32)
        _take(fields, files, "place", vectors, [1, 5])
        set_weights(fields, files, class_weights(3, 5))
        fields["flavours"][0]["thresholds"] = {"scores": OWN_THRESHOLDS}
        for path in (THRESHOLDS, OWN_THRESHOLDS):
            files[path] = thresholds_bytes(TINY_LABELS, np.array([0.1, 0.2, np.nan], np.float32))

    return varied_bundle(tiny_bundle(target.with_name(f"{target.name}-tiny")), target, edit)


def sound_bundle(target: Path, **front_end: Any) -> Path:
    """Tones in noise, from spectrograms; these fields of the front-end are changed."""
    return tone_bundle(target, tone_contract(front_end))


BUNDLES: dict[str, Callable[[Path], Path]] = {
    "picture": picture_bundle,
    "place": place_bundle,
    "sound": sound_bundle,
}


def class_weights(classes: int, values: int, nudge: float = 0.0) -> Weights:
    """Weights float32 [classes, values] of a seed; the same for the first classes whatever their number."""
    rows = [np.random.default_rng(100 + row).normal(0, 0.3, values) for row in range(classes)]
    return (np.stack(rows) + nudge).astype(np.float32)


def set_weights(fields: Fields, files: Files, weights: Weights) -> None:
    """Give the first flavour these weights, and its golden vectors what they answer."""
    name = fields["contract"]["inputs"][0]["name"]
    shape = tuple(fields["flavours"][0]["inputs"][0]["shape"])
    activation = fields["contract"]["outputs"][0]["activation"]
    bias = np.zeros(len(weights), np.float32)
    files[TINY_MODEL] = dense_tflite(name, shape, weights, bias, activation)
    fed = array_of(files[f"golden/{name}.npy"]).reshape(5, -1).astype(np.float64)
    logits = (fed / 127.5 - 1 if name == "image" else fed) @ weights.T.astype(np.float64)
    scores = 1 / (1 + np.exp(-logits))
    if activation == "softmax":
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores = powers / powers.sum(axis=1, keepdims=True)
    for path in golden_files(fields):
        files[path] = npy_bytes(scores.astype(np.float32))
    for flavour in fields["flavours"]:
        flavour["outputs"][0]["shape"] = [1, len(weights)]


def golden_files(fields: Fields) -> list[str]:
    """Where the answers of the source and of each flavour to the golden vectors lie, of the first output."""
    flavours = [flavour["golden"]["files"]["scores"] for flavour in fields["flavours"]]
    return [fields["golden"]["outputs"]["scores"], *flavours]


def array_of(data: bytes) -> NDArray[Any]:
    """The array of a ``.npy`` file."""
    from fieldpack.bundle.arrays import read_array

    return read_array(data, "a golden array")


def _take(fields: Fields, files: Files, name: str, golden: NDArray[Any], shape: list[int]) -> None:
    """Let the bundle take another input than the tiny one's."""
    del files["golden/vector.npy"]
    fields["golden"]["inputs"] = {name: f"golden/{name}.npy"}
    files[f"golden/{name}.npy"] = npy_bytes(golden)
    for flavour in fields["flavours"]:
        flavour["inputs"] = [{"name": name, "tensor": name, "shape": shape, "dtype": "float32"}]
