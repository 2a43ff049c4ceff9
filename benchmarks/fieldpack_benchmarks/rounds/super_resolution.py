"""Worker target: EDSR as ``.mlmodel`` and as ``.tflite``, on one photo, compared as pictures.

MLCommons' Mobile benchmark publishes one super-resolution network in both formats, written by
their makers' own converters. Whether the two files give the same picture here says whether our
runtime of the older Core ML format computes what LiteRT computes. Both take ``[1, 540, 960, 3]``
and give ``[1, 1080, 1920, 3]``, float32 RGB in 0..255.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.coreml.engine import open_engine
from fieldpack.coreml.package import open_package
from fieldpack.tflite.runner import TfliteRunner

PEAK = 255.0
SIZE = (960, 540)
"""Width and height that the network takes."""


def compare(mlmodel: str, tflite: str, photo: str) -> dict[str, Any]:
    """Enlarge one photo with both files.

    Parameters
    ----------
    mlmodel, tflite : str
        Files of one network.
    photo : str
        A picture, resized to 960 x 540 beforehand.

    Returns
    -------
    dict
        ``psnr_db`` between the two pictures, ``largest`` difference of two values, and ``spread``,
        the standard deviation of the picture, all in 0..255.
    """
    pixels = _pixels(Path(photo))
    package = open_package(Path(mlmodel))
    (feature,) = package.inputs
    (ours,) = open_engine(package).run({feature.name: pixels}).values()
    theirs = _by_litert(Path(tflite), pixels)
    return {
        "psnr_db": psnr_db(ours, theirs),
        "largest": float(np.abs(ours - theirs).max()),
        "spread": float(theirs.std()),
    }


def psnr_db(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Peak signal-to-noise ratio of two pictures in 0..255, in decibels."""
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(PEAK**2 / error))


def _pixels(photo: Path) -> NDArray[np.float32]:
    from PIL import Image

    with Image.open(photo) as opened:
        fitted = opened.convert("RGB").resize(SIZE, Image.Resampling.BICUBIC)
    return np.asarray(fitted, dtype=np.float32)[None]


def _by_litert(path: Path, pixels: NDArray[np.float32]) -> NDArray[Any]:
    runner = TfliteRunner(path)
    (name,) = (spec.name for spec in runner.inputs)
    (found,) = runner.run({name: pixels}).values()
    return found
