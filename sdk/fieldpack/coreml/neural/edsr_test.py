"""A published super-resolution model in both formats: the two files must give the same picture.

Needs the sample data; skipped without it. EDSR takes RGB 0..255 as ``[1, 540, 960, 3]`` and gives
the same twice as large. The picture given is a photo scaled up beside photos at their own size.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fieldpack.coreml.engine import open_engine
from fieldpack.coreml.package import open_package

pytestmark = pytest.mark.full
ROOT = Path(os.environ.get("FIELDPACK_DATA", Path(__file__).parents[5] / "shared" / "data"))
MODELS = ROOT / "models" / "misc" / "mlcommons_mobile"
HEIGHT, WIDTH = 540, 960


def photos() -> Any:
    """``[1, 540, 960, 3]``: a photo scaled to the left half, and as many as fit in the right one."""
    paths = sorted((ROOT / "vision" / "test").glob("*/*.jpg"))[:200]
    canvas = Image.new("RGB", (WIDTH, HEIGHT))
    canvas.paste(Image.open(paths[0]).convert("RGB").resize((WIDTH // 2, HEIGHT), Image.Resampling.BICUBIC))
    left, top, tallest = WIDTH // 2, 0, 0
    for path in paths:
        photo = Image.open(path).convert("RGB")
        if left + photo.width > WIDTH:
            left, top, tallest = WIDTH // 2, top + tallest, 0
        canvas.paste(photo, (left, top))
        left, tallest = left + photo.width, max(tallest, photo.height)
    return np.asarray(canvas, np.float32)[None]


def psnr(a: Any, b: Any) -> float:
    return float(10 * np.log10(255**2 / max(1e-20, np.mean((a.astype(np.float64) - b) ** 2))))


def test_both_files_give_the_same_picture() -> None:
    if not MODELS.is_dir():
        pytest.skip(f"no models under {MODELS}; set FIELDPACK_DATA to a folder that has them")
    from ai_edge_litert.interpreter import Interpreter

    x = photos()
    package = open_package(MODELS / "edsr_f32b5_fp32.mlmodel")
    assert (package.minimum_ios, package.weight_storage) == ("13", {"float32": 424376})
    found = open_engine(package, threads=2).run({"input_1": x})["Identity"]
    other = Interpreter(str(MODELS / "edsr_f32b5_fp32.tflite"), num_threads=2)
    other.resize_tensor_input(other.get_input_details()[0]["index"], x.shape)
    other.allocate_tensors()
    other.set_tensor(other.get_input_details()[0]["index"], x)
    other.invoke()
    expected = other.get_tensor(other.get_output_details()[0]["index"])
    assert found.shape == expected.shape == (1, 2 * HEIGHT, 2 * WIDTH, 3)
    assert psnr(found, expected) > 100
    assert psnr(np.rint(found), np.rint(expected)) > 60
    # it sharpens the photo and does nothing else: close to it, and closer than a flipped colour order
    down = found.reshape(HEIGHT, 2, WIDTH, 2, 3).mean((1, 3))
    assert psnr(down, x[0]) > 30 > psnr(down[..., ::-1], x[0])
