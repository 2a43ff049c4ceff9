"""A labelled bundle with TFLite and Core ML flavours, made without a model or a framework."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fieldpack import gate
from fieldpack.budget import Budget
from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.digest import content_digest, sha256_bytes
from fieldpack.bundle.labels import labels_bytes
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.bundle.write import BundleWriter
from fieldpack.parity.classification import compare_scores
from fieldpack.report.page import render
from fieldpack.verdict import Evidence, Verdict

ITEMS = 400
BUDGET: dict[str, Any] = {
    "every": {
        "installed_bytes": 1_500_000,
        "top1_drop": 0.03,
        "top1_agreement": 0.95,
        "worst_slice_drop": 0.1,
    },
    "flavours": {"coreml-float16": {"max_abs_error": 0.5}},
}
FLAVOURS: dict[str, dict[str, Any]] = {
    "tflite-float32": {"kind": "tflite", "size": 1_890_000, "noise": 0.0, "runs": ("native",)},
    "tflite-int8": {"kind": "tflite", "size": 579_000, "noise": 1.3, "runs": ("native",)},
    "coreml-float16": {"kind": "coreml", "size": 960_000, "noise": 0.15, "runs": ("fp32", "fp16")},
    "coreml-weight-int8": {"kind": "coreml", "size": 610_000, "noise": 0.5, "runs": ("fp32", "fp16")},
}
METHODS = {
    "tflite-float32": "float32",
    "tflite-int8": "static_int8",
    "coreml-float16": "float16",
    "coreml-weight-int8": "weight_int8",
}
KINDS = ("bees", "moths", "wasps <script>alert(2)</script>")
HOSTILE = '<script>alert("1")</script> & <img src=x onerror=alert(1)> \u202egnp.exe'
MakeBundle = Callable[..., Bundle]


def labels_of(classes: int) -> tuple[str, ...]:
    """Labels, the first of them hostile."""
    return (HOSTILE, *(f"species number {number}" for number in range(1, classes)))


def evidence_of(classes: int, *, labelled: bool = True) -> dict[str, Any]:
    """Evidence as a build writes it, from seeded scores and the real comparison."""
    random = np.random.default_rng(5)
    truth = random.integers(0, classes, ITEMS)
    logits = random.normal(0, 1, (ITEMS, classes))
    logits[np.arange(ITEMS), truth] += 2.2
    kinds = np.asarray(KINDS)[random.integers(0, len(KINDS), ITEMS)]
    flavours = {}
    worst = {}
    for name, facts in FLAVOURS.items():
        evidence = Evidence.HOST if facts["kind"] == "tflite" else Evidence.REFERENCE
        runs = {}
        for number, precision in enumerate(facts["runs"]):
            noise = facts["noise"] * (1 + 0.6 * number) * random.normal(0, 1, logits.shape)
            parity = compare_scores(
                _softmax(logits),
                _softmax(logits + noise),
                "softmax",
                truth if labelled else None,
                slices={"group": kinds},
                evidence=evidence,
            )
            runs[precision] = {"scores": parity.as_dict()}
        flavours[name] = {"kind": facts["kind"], "evidence": evidence.value, "runs": runs, "layers": []}
        if facts["noise"]:
            flavours[name]["layers"] = layers_of(60, facts["kind"] == "tflite")
        first: Any = runs[facts["runs"][0]]["scores"]
        worst[name] = [
            {
                **row,
                "output": "scores",
                "example": row["index"],
                "id": f"test/picture-{row['index']}.jpg",
                "label": int(truth[row["index"]]) if labelled else -1,
                "picture": f"evidence/worst/{row['index'] % 5}.jpg",
            }
            for row in first["worst"][:8]
        ]
    return {
        "schema_version": 1,
        "examples": ITEMS,
        "items": ITEMS,
        "labelled": labelled,
        "left_out": 0,
        "flavours": flavours,
        "worst": worst,
    }


def layers_of(count: int, named: bool) -> list[dict[str, Any]]:
    """Layers that grow worse, one without error, one with broken numbers."""
    layers: list[dict[str, Any]] = [
        {
            "name": f"model/net/block_{number}/conv;model/net/block_{number}/bias",
            "operator": "CONV_2D" if named else "",
            "finite": True,
            "sqnr_db": round(55 - 50 * number / count + 6 * (number % 3), 4),
            "max_abs_error": round(0.01 * number, 6),
        }
        for number in range(count)
    ]
    layers[0] |= {"sqnr_db": "inf", "max_abs_error": 0.0}
    layers[40] |= {"finite": False, "sqnr_db": "nan", "max_abs_error": "nan"}
    return layers


def _softmax(logits: NDArray[Any]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def write_bundle(target: Path, evidence: Mapping[str, Any], classes: int) -> Path:
    """Write a bundle around some evidence."""
    golden = np.full((2, classes), 1 / classes, np.float32)
    with BundleWriter(target) as writer:
        writer.add_bytes("labels.txt", labels_bytes(labels_of(classes)))
        writer.add_bytes("golden/image.npy", npy_bytes(np.zeros((2, 8, 8, 3), np.uint8)))
        writer.add_bytes("golden/scores.npy", npy_bytes(golden))
        writer.add_bytes("evidence/parity.json", json.dumps(evidence, sort_keys=True).encode())
        for number in range(4):  # the fifth picture is missing, and one is no picture
            writer.add_bytes(f"evidence/worst/{number}.jpg", _picture(number))
        writer.commit(_fields(writer, golden, classes))
    return target


def _picture(number: int) -> bytes:
    if number == 3:
        return b"<svg onload=alert(1)>"
    grey = np.linspace(0, 255, 96 * 72).reshape(72, 96)
    shades = np.stack([grey, np.roll(grey, 20 * number, 1), 255 - grey], axis=-1).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(shades).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _fields(writer: BundleWriter, golden: NDArray[np.float32], classes: int) -> dict[str, Any]:
    flavours = [_flavour(writer, name, golden, classes) for name in FLAVOURS]
    image = {
        "kind": "image",
        "name": "image",
        "height": 8,
        "width": 8,
        "color_order": "rgb",
        "layout": "NHWC",
        "normalization": {"kind": "mean_std", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
        "resize": {"method": "bilinear", "fit": {"kind": "center_crop", "fraction": 0.875}},
    }
    return {
        "name": "meadow",
        "version": "2.1.0",
        "description": f"Insects of the meadow. {HOSTILE}",
        "license": "CC0-1.0",
        "contract": {
            "inputs": [image],
            "outputs": [{"name": "scores", "activation": "softmax", "labels": "labels.txt"}],
        },
        "flavours": flavours,
        "golden": {
            "ids": ["one", "two"],
            "inputs": {"image": "golden/image.npy"},
            "outputs": {"scores": "golden/scores.npy"},
        },
        "lineage": {
            "source_kind": "keras",
            "source_digest": sha256_bytes(b"source"),
            "source_parameters": 475544,
            "spec_digest": sha256_bytes(b"spec"),
            "seed": 3,
            "tools": {"fieldpack": "0.1.0", "tensorflow": "2.21.0"},
            "data": {"evaluation": {"description": "drawn", "count": ITEMS, "digest": sha256_bytes(b"data")}},
        },
        "budget": BUDGET,
        "verdicts": [],
        "evidence": "evidence/parity.json",
    }


def _flavour(writer: BundleWriter, name: str, golden: NDArray[np.float32], classes: int) -> dict[str, Any]:
    facts, integer = FLAVOURS[name], name.startswith("tflite-int8")
    coreml = facts["kind"] == "coreml"
    path = f"{name}/model.tflite"
    writer.add_bytes(path, name.encode() * (facts["size"] // len(name)))
    writer.add_bytes(f"golden/{name}.npy", npy_bytes(golden))
    scale = [1 / (255 * std) for std in (0.229, 0.224, 0.225)]
    offset = [-mean / std for mean, std in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))]
    border: dict[str, Any] = {"name": "image", "tensor": "x", "dtype": "float32", "shape": [1, 8, 8, 3]}
    border |= {"layout": "NHWC"}
    if coreml:
        border |= {"scale": scale, "offset": offset, "layout": "NCHW", "shape": [1, 3, 8, 8]}
    if integer:
        border |= {"dtype": "uint8", "quantization": {"scale": 0.0078125, "zero_point": 128}}
    requires: dict[str, Any] = {"operators": {"CONV_2D": 3, "SOFTMAX": 2}, "tflite_runtime": "2.11.0"}
    if integer:
        requires["unknown_operators"] = ["CONV_2D v3"]
    if coreml:
        requires = {"operators": {"conv": 14, "softmax": 1}, "ios": "16"}
    return {
        "name": name,
        "kind": "tflite" if not coreml else "coreml",
        "path": path,
        "digest": content_digest(writer.path(path)),
        "installed_bytes": writer.path(path).stat().st_size,
        "download_bytes": facts["size"] * 3 // 4,
        "inputs": [border],
        "outputs": [{"name": "scores", "tensor": "y", "shape": [1, classes], "dtype": "float32"}],
        "requires": requires,
        "compression": {
            "recipe": [{"method": METHODS[name], "layers": ".*"}],
            "matched": [33],
            "changed": 31 if "int8" in name else 0,
            "unchanged": 2 if "int8" in name else 33,
            "without_weights": 1 if "int8" in name else 0,
        },
        "golden": {"files": {"scores": f"golden/{name}.npy"}, "tolerance": {"scores": 1e-6}},
    }


def verdicts_of(bundle: Bundle, budget: Budget | None = None) -> tuple[Verdict, ...]:
    """The bundle's own budget, or another, held against it."""
    manifest = bundle.manifest
    return gate.hold(budget or manifest.budget, manifest.flavours, json.loads(bundle.read(manifest.evidence)))


@pytest.fixture(scope="session")
def meadow(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The labelled bundle with four flavours and 40 classes."""
    target = tmp_path_factory.mktemp("bundles") / "meadow"
    return open_bundle(write_bundle(target, evidence_of(40), 40))


@pytest.fixture(scope="session")
def page(meadow: Bundle) -> str:
    """Its report."""
    return render(meadow, verdicts_of(meadow))
