"""Preparation against models by other hands: with a wrong setting these figures collapse.

Needs the sample data (README, `make demo-real`); skipped without it. The int8 files fix their input range:
-80..0 dB for one, ln(1e-4) upwards for the other, 0..1 for the third.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.contract import Contract, ImageInput
from fieldpack.data import Prepared, prepare_data
from fieldpack.preprocess import prepare, to_tensor
from fieldpack.spec import TableData

ROOT = Path(os.environ.get("FIELDPACK_DATA", Path(__file__).parents[4] / "shared" / "data"))
MODELS = ROOT / "models" / "sound"
VISION = ROOT / "models" / "vision"
CLASSES = [
    "chainsaw",
    "clock_tick",
    "crackling_fire",
    "crying_baby",
    "dog",
    "helicopter",
    "rain",
    "rooster",
    "sea_waves",
    "sneezing",
]
WINDOWS = {"samples": "none", "overlap": 0.25, "last": "drop", "pooling": "mean"}
SHARED = {
    "sample_rate_hz": 16000,
    "resampler": {"kind": "soxr_hq"},
    "channel_mix": "mean",
    "low_rate": "refuse",
    "max_seconds": 10.0,
    "remove_silence": {"top_db": 60.0, "frame_length": 3200, "hop_length": 3200},
    "window": "hann",
    "window_at": "centre",
    "stft_scale": "none",
    "spectrum": "magnitude",
    "band_order": "rising",
    "value_scale": {"kind": "unit"},
    "pad_mode": "constant",
    "normalization": "none",
    "windows": WINDOWS,
}
YAMNET_256 = SHARED | {
    "min_seconds": 1.0,
    "n_fft": 512,
    "win_length": 400,
    "hop_length": 160,
    "center": False,
    "power": 1,
    "mel": {
        "bands": 64,
        "fmin_hz": 125.0,
        "fmax_hz": 7500.0,
        "scale": "htk",
        "norm": "none",
        "triangles": "hz",
    },
    "log": {"kind": "ln", "floor": 1e-4, "floor_kind": "added", "factor": 1.0},
}
MINIRESNET = SHARED | {
    "min_seconds": 2.0,
    "n_fft": 1024,
    "win_length": 1024,
    "hop_length": 320,
    "center": True,
    "power": 2,
    "mel": {
        "bands": 64,
        "fmin_hz": 20.0,
        "fmax_hz": 7500.0,
        "scale": "slaney",
        "norm": "slaney",
        "triangles": "hz",
    },
    "log": {"kind": "decibel", "floor": 1e-10, "reference": "clip_max", "top_db": 80.0},
}
BIRDNET_STM32 = SHARED | {
    "sample_rate_hz": 22050,
    "resampler": {"kind": "soxr_hq"},
    "channel_mix": "mean",
    "low_rate": "refuse",
    "min_seconds": 3.0,
    "max_seconds": 60.0,
    "remove_silence": "none",
    "n_fft": 512,
    "win_length": 512,
    "hop_length": 258,
    "center": True,
    "power": 1,
    "mel": "none",
    "log": {"kind": "linear"},
    "normalization": "patch_min_max",
    "windows": {"samples": 66150, "overlap": 0.0, "last": "shift", "pooling": "mean"},
}


@pytest.fixture(scope="module", autouse=True)
def _needs_data() -> None:
    if not MODELS.is_dir():
        pytest.skip(f"no models under {MODELS}; set FIELDPACK_DATA to a folder that has them")
    for module in ("soundfile", "soxr"):
        pytest.importorskip(module, reason='pip install "fieldpack[sound]"')


def contract(front_end: dict[str, Any], bands: int, frames: int) -> Contract:
    return Contract.model_validate(
        {
            "inputs": [
                {
                    "kind": "spectrogram",
                    "name": "spec",
                    "bands": bands,
                    "frames": frames,
                    "axes": ["band", "frame", "channel"],
                    "front_end": front_end,
                }
            ],
            "outputs": [{"name": "scores", "activation": "softmax", "labels": "labels.txt"}],
        }
    )


def scores(model: Path, items: np.ndarray) -> np.ndarray:
    """Float32 outputs of a LiteRT file, one item at a time."""
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(model), num_threads=1)
    runner.allocate_tensors()
    taken, given = runner.get_input_details()[0], runner.get_output_details()[0]
    if taken["dtype"] != np.float32:
        scale, zero_point = taken["quantization"]
        items = np.clip(np.round(items / scale) + zero_point, -128, 127).astype(taken["dtype"])
    out = []
    for item in items:
        runner.set_tensor(taken["index"], item[None])
        runner.invoke()
        out.append(runner.get_tensor(given["index"])[0].astype(np.float32))
    scale, zero_point = given["quantization"] if given["dtype"] != np.float32 else (1.0, 0)
    return (np.array(out) - zero_point) * np.float32(scale)


def clip_accuracy(prepared: Prepared, items: np.ndarray) -> float:
    """Mean pooling over the patches of a clip."""
    assert prepared.labels is not None
    clips = range(prepared.groups.max() + 1)
    pooled = np.array([items[prepared.groups == clip].mean(axis=0).argmax() for clip in clips])
    first = np.searchsorted(prepared.groups, list(clips))
    return float((pooled == prepared.labels[first]).mean())


@pytest.mark.parametrize(
    ("front_end", "frames", "model"),
    [
        (YAMNET_256, 96, "stm_esc10_yamnet256/yamnet_256_64x96_int8.tflite"),
        (MINIRESNET, 50, "stm_esc10_miniresnet/miniresnet_1stacks_64x50_int8.tflite"),
    ],
    ids=["yamnet_256", "miniresnet"],
)
def test_esc10_models_know_their_sounds(front_end: dict[str, Any], frames: int, model: str) -> None:
    source = TableData(
        kind="table",
        manifest=str(ROOT / "sound" / "manifest.csv"),
        folder=str(ROOT / "sound" / "audio"),
        file_column="file",
        label_column="class",
        limit=60,
    )
    prepared = prepare_data(source, contract(front_end, 64, frames), CLASSES, seed=0)
    assert clip_accuracy(prepared, scores(MODELS / model, prepared.inputs["spec"])) >= 0.9


def test_birdnet_stm32_knows_four_birds_and_hears_none_in_noise() -> None:
    spec = contract(BIRDNET_STM32, 257, 256).inputs[0]
    folder = MODELS / "birdnet_stm32"
    names = (folder / "birdnet_stm32n6_100_labels.txt").read_text().splitlines()
    recordings = sorted((ROOT / "sound" / "birds").glob("BioDCASE26_TEST_*.wav"))
    assert recordings
    for path in recordings:
        pooled = scores(folder / "birdnet_stm32n6_100.tflite", prepare(spec, path)).mean(axis=0)
        wanted = path.stem.split("_", 3)[3].replace("_", " ")
        if wanted == "Background":
            assert pooled.max() < 0.05
        else:
            assert names[int(pooled.argmax())].endswith(f"_{wanted}")


@pytest.mark.parametrize(
    ("model", "high", "score"),
    [
        ("pretrainedResnet.tflite", 255.0, 0.945),
        ("pretrainedResnet_quant.tflite", 255.0, 0.930),
        ("vww_96_float.tflite", 1.0, 0.972),
        ("vww_96_int8.tflite", 1.0, 0.953),
    ],
)
def test_picture_models_know_the_cat(model: str, high: float, score: float) -> None:
    side, index = (96, 0) if model.startswith("vww") else (32, 3)
    spec = ImageInput.model_validate(
        {
            "kind": "image",
            "name": "image",
            "height": side,
            "width": side,
            "color_order": "rgb",
            "layout": "NHWC",
            "normalization": {"kind": "range", "low": 0.0, "high": high},
            "resize": {"method": "bilinear", "fit": {"kind": "stretch"}},
        }
    )
    tensor = to_tensor(prepare(spec, VISION / "coral" / "cat.bmp"), *spec.scale_offset(), spec.layout)
    assert abs(float(scores(VISION / "mlperf_tiny" / model, tensor)[0, index]) - score) < 0.02
