"""From a picture or a sound to what a model takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from fieldpack.contract import ImageInput, SpectrogramInput
from fieldpack.contract.presets import PRESETS
from fieldpack.preprocess.prepare import prepare

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

SIDE, SEED, SECONDS = 224, 5, 3.0
WIDTH, HEIGHT = 1600, 1200
OPEN = {
    "resampler": {"kind": "soxr_hq"},
    "channel_mix": "mean",
    "low_rate": "refuse",
    "min_seconds": 0.0,
    "max_seconds": 60.0,
    "remove_silence": "none",
    "windows": {"samples": "none", "overlap": 0.0, "last": "drop", "pooling": "mean"},
}
"""What the presets leave open."""


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A JPEG as a phone's gallery has it, 1600 x 1200."""
    coarse = np.random.default_rng(SEED).integers(0, 256, (HEIGHT // 20, WIDTH // 20, 3), dtype=np.uint8)
    path = tmp_path_factory.mktemp("picture") / "picture.jpg"
    Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC).save(path)
    return path


@pytest.mark.benchmark(group="picture")
@pytest.mark.parametrize("method", ["bilinear", "bilinear_no_antialias"])
def test_picture(benchmark: BenchmarkFixture, picture: Path, method: str) -> None:
    contract = ImageInput.model_validate(
        {
            "kind": "image",
            "name": "image",
            "height": SIDE,
            "width": SIDE,
            "color_order": "rgb",
            "layout": "NHWC",
            "normalization": {"kind": "range", "low": -1.0, "high": 1.0},
            "resize": {"method": method, "fit": {"kind": "stretch"}},
        }
    )
    benchmark(prepare, contract, picture)


@pytest.mark.benchmark(group="spectrogram of 3 s")
@pytest.mark.parametrize("name", ["yamnet", "esc10_miniresnet"])
def test_spectrogram(benchmark: BenchmarkFixture, name: str) -> None:
    preset = PRESETS[name]
    (front_end,) = preset.front_ends(**{field: OPEN[field] for field in preset.missing})
    contract = SpectrogramInput(
        kind="spectrogram", name="sound", bands=front_end.bands, frames=preset.frames or 1,
        axes=("band", "frame"), front_end=front_end,
    )  # fmt: skip
    rate = front_end.sample_rate_hz
    sound = np.random.default_rng(SEED).uniform(-0.5, 0.5, int(SECONDS * rate)).astype(np.float32)
    benchmark(prepare, contract, (sound, rate))
