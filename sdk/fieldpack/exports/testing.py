"""A small bundle for every kind of input, with names that try to break out of where they stand, for tests."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.digest import content_digest
from fieldpack.bundle.labels import labels_bytes
from fieldpack.bundle.resampling import resampling_tables
from fieldpack.bundle.write import BundleWriter
from fieldpack.contract import Contract
from fieldpack.taxonomy.cells import csv_bytes
from fieldpack.testing import TINY_MODEL, TINY_PACKAGE, dense_tflite, tiny_content

HOSTILE = "ve\"c${x}\\n\\u{41} %@ */ // <!--\u866b\u202e\u0645')};"
"""A name for tensors, labels, taxa and descriptions."""
PACKAGE = b'{"fileFormatVersion": "1.0.0"}\n'
LABELS = (HOSTILE, "$moth", 'be"e\\')
TAXONOMY = csv_bytes(
    ("taxon", "parent", "rank_level", "leaf", "name"),
    [
        ("root", "", "70", "", f"root {HOSTILE}"),
        *((f"t{n}", "root", "10", str(n), name) for n, name in enumerate(LABELS)),
    ],
)
SOUND: dict[str, Any] = {
    "sample_rate_hz": 8000,
    "resampler": {"kind": "polyphase", "zero_crossings": 8, "kaiser_beta": 9.0, "rolloff": 0.91},
    "channel_mix": "mean",
    "low_rate": "refuse",
    "min_seconds": 0.1,
    "max_seconds": 2.0,
    "remove_silence": {"top_db": 30.0, "frame_length": 64, "hop_length": 32},
    "value_scale": {"kind": "peak", "peak": 0.25, "remove_mean": True},
    "windows": {"samples": 200, "overlap": 0.25, "last": "shift", "pooling": "max"},
}
MEL: dict[str, Any] = SOUND | {
    "value_scale": {"kind": "unit"},
    "n_fft": 64, "win_length": 64, "hop_length": 32, "window": "hann", "window_at": "centre", "center": True,
    "pad_mode": "constant", "stft_scale": "none", "spectrum": "magnitude", "power": 2,
    "mel": {"bands": 4, "fmin_hz": 100.0, "fmax_hz": 3000.0, "scale": "htk", "norm": "none",
            "triangles": "hz"},
    "log": {"kind": "ln", "floor": 0.001, "floor_kind": "added", "factor": 1.0},
    "band_order": "rising", "normalization": "none",
}  # fmt: skip
INPUTS: dict[str, dict[str, Any]] = {
    "image": {
        "kind": "image", "name": "class", "height": 12, "width": 9, "color_order": "bgr", "layout": "NHWC",
        "normalization": {"kind": "mean_std", "mean": [0.4, 0.5, 0.6], "std": [0.2, 0.21, 0.3]},
        "resize": {"method": "bicubic", "fit": {"kind": "pad", "value": 114}},
    },
    "waveform": {"kind": "waveform", "name": "init", "axes": ["sample"], "front_end": SOUND},
    "spectrogram": {
        "kind": "spectrogram", "name": "sound", "bands": 4, "frames": 6, "axes": ["band", "frame"],
        "front_end": MEL,
    },
    "location": {
        "kind": "location", "name": "in", "beyond_180": "wrap", "snap_resolution": None,
        "encoding": {"kind": "inaturalist_5", "highest_m": 5705.63, "lowest_m": 32768.0,
                     "missing_m": "refuse"},
    },
    "raster": {
        "kind": "raster", "name": "self", "height": 8, "width": 6, "sensor": HOSTILE, "band_tags": "ignored",
        "bands": [
            {"name": HOSTILE, "clip": [0.0, 3000.0],
             "scaling": {"kind": "mean_std", "mean": 1300.5, "std": 700.0}},
            {"name": "B8", "clip": "none",
             "scaling": {"kind": "range", "low": 0.0, "high": 255.0, "to_low": -1.0, "to_high": 1.0}},
        ],
        "no_data": -9999.0, "fill": 0.25, "mask_channel": "valid_is_1", "layout": "NHWC",
        "resolution": 10.0, "resolution_unit": "metre", "resolution_tolerance": 0.05,
        "tiling": {"overlap": 0, "alignment": 1, "blend": "crop", "margin": 0, "beyond": "mirror"},
    },
    "tensor": {
        "kind": "tensor", "name": "fun", "shape": [4], "low": -1.0, "high": 1.0, "meaning": HOSTILE,
    },
}  # fmt: skip
SHAPES = {
    "image": (12, 9, 3),
    "waveform": (200,),
    "spectrogram": (4, 6),
    "location": (5,),
    "raster": (8, 6, 3),
    "tensor": (4,),
}


def kind_bundle(target: Path, kind: str, **changes: Any) -> Path:
    """Write a bundle of one input, one output and both kinds of flavour; `changes` go to the input."""
    with BundleWriter(target) as writer:
        writer.commit(kind_content(writer, kind, **changes))
    return target


def kind_content(writer: BundleWriter, kind: str, **changes: Any) -> dict[str, Any]:
    """Stage its files and return the fields for ``writer.commit``, which a test may change."""
    contract, shape = INPUTS[kind] | changes, SHAPES[kind]
    fields = tiny_content(writer)
    size = math.prod(shape)
    weights = np.random.default_rng(3).normal(0, 0.05, (3, size)).astype(np.float32)
    tensor = {"name": contract["name"], "tensor": HOSTILE, "shape": [1, *shape], "dtype": "float32"}
    if kind in ("image", "raster"):
        tensor["layout"] = "NHWC"
    if kind == "image":
        tensor |= {"scale": [0.0196, 0.0187, 0.0131], "offset": [-2.0, -2.38, -2.0]}
    fields["contract"]["inputs"] = [contract]
    fields["contract"]["outputs"][0] |= {"taxonomy": "labels.taxonomy.csv"}
    fields["description"] = f"{HOSTILE} @PACKAGE@"
    fields["flavours"][0]["inputs"] = [tensor]
    _stage(writer, fields, shape, weights)
    _stage_filters(writer, fields)
    fields["flavours"].append(_core_ml(writer, fields["flavours"][0]))
    if kind == "spectrogram":
        fields["front_ends"] = _front_ends(writer, contract["name"])
    return fields


def _stage(writer: BundleWriter, fields: dict[str, Any], shape: tuple[int, ...], weights: Any) -> None:
    name = fields["contract"]["inputs"][0]["name"]
    writer.add_bytes("labels.txt", labels_bytes(LABELS))
    writer.add_bytes("labels.taxonomy.csv", TAXONOMY)
    writer.add_bytes(
        TINY_MODEL, dense_tflite(HOSTILE, (1, *shape), weights, np.zeros(3, np.float32), "softmax")
    )
    writer.path("golden/vector.npy").unlink()
    golden = np.random.default_rng(4).uniform(-1, 1, (5, *shape)).astype(np.float32)
    writer.add_bytes(f"golden/{name}.npy", npy_bytes(golden))
    fields["golden"]["inputs"] = {name: f"golden/{name}.npy"}
    flavour = fields["flavours"][0]
    flavour["digest"] = content_digest(writer.path(TINY_MODEL))
    flavour["installed_bytes"] = writer.path(TINY_MODEL).stat().st_size


def _stage_filters(writer: BundleWriter, fields: dict[str, Any]) -> None:
    tables = resampling_tables(Contract.model_validate(fields["contract"]))
    for table, data in tables:
        writer.add_bytes(table.path, data)
    fields["resampling"] = [table.model_dump() for table, _ in tables]


def _core_ml(writer: BundleWriter, flavour: dict[str, Any]) -> dict[str, Any]:
    """The same flavour as a package, whose files are no model."""
    writer.add_bytes(f"{TINY_PACKAGE}/Manifest.json", PACKAGE)
    golden = "golden/coreml-float32/scores.npy"
    writer.add_bytes(golden, writer.path(flavour["golden"]["files"]["scores"]).read_bytes())
    told: dict[str, Any] = {"name": "coreml-float32", "kind": "coreml", "path": TINY_PACKAGE}
    told |= {"digest": content_digest(writer.path(TINY_PACKAGE)), "installed_bytes": len(PACKAGE)}
    return flavour | told | {"golden": {"files": {"scores": golden}, "tolerance": {"scores": 1e-6}}}


def _front_ends(writer: BundleWriter, name: str) -> list[dict[str, Any]]:
    entry = _front_end(writer, name)
    path = f"front_ends/{name}/model.mlpackage"
    writer.add_bytes(f"{path}/Manifest.json", PACKAGE)
    told = {
        "kind": "coreml",
        "path": path,
        "digest": content_digest(writer.path(path)),
        "installed_bytes": len(PACKAGE),
    }
    return [entry, entry | told]


def _front_end(writer: BundleWriter, name: str) -> dict[str, Any]:
    path = f"front_ends/{name}/model.tflite"
    weights = np.zeros((24, 200), np.float32)
    writer.add_bytes(path, dense_tflite("sound", (1, 200), weights, np.zeros(24, np.float32), "linear"))
    return {
        "input": name,
        "kind": "tflite",
        "path": path,
        "digest": content_digest(writer.path(path)),
        "installed_bytes": writer.path(path).stat().st_size,
        "inputs": [{"name": name, "tensor": "sound", "shape": [1, 200], "dtype": "float32"}],
        "outputs": [{"name": name, "tensor": "scores", "shape": [1, 4, 6], "dtype": "float32"}],
        "requires": {"operators": {"FULLY_CONNECTED": 1}},
        "transforms": ["matrix"],
        "milliseconds": {"matrix": 1.0},
        "max_db": 0.0,
        "rms_db": 0.0,
    }
