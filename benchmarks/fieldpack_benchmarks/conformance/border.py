"""Values across the border of a prediction, as Core ML's Python binding takes and gives them.

The binding is looser than ``Interpreter.run``: whole numbers and truth values go into float
inputs, pictures are PIL images, a label comes with a dictionary, a scalar comes as one element.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fieldpack.coreml.feature import Feature

PIL_MODES = {"RGB": "RGB", "BGR": "RGB", "GRAYSCALE": "L", "GRAYSCALE_FLOAT16": "F"}


def to_engine(feature: Feature, value: Any) -> Any:
    """What a test gives for ``feature``, as the engine takes it.

    Parameters
    ----------
    feature : Feature
        As the model declares it.
    value : PIL image, array or number
        A picture of the declared size; for an array any number type.

    Returns
    -------
    array
        Pictures ``[1, H, W, 3]`` or ``[1, H, W, 1]``; arrays of the declared type.
    """
    if isinstance(value, Image.Image):
        pixels = np.asarray(value)
        return pixels[np.newaxis, ..., np.newaxis] if pixels.ndim == 2 else pixels[np.newaxis]
    if feature.kind != "multiarray":
        return value
    array = np.asarray(value)
    if array.ndim == 0 and len(feature.shape) == 1:
        array = array.reshape(1)
    with np.errstate(over="ignore", invalid="ignore"):
        return array.astype(feature.dtype)


def from_engine(
    outputs: Mapping[str, NDArray[Any]], features: Mapping[str, Feature], labels: tuple[Any, ...] | None
) -> dict[str, Any]:
    """What the engine gives, as a test expects it.

    Parameters
    ----------
    outputs : mapping of name to array
        From ``run``.
    features : mapping of name to Feature
        The declared outputs.
    labels : tuple or None
        Class labels in the order of the probabilities.

    Returns
    -------
    dict
        Pictures as PIL images, a label as str or int, probabilities as a dictionary by label,
        anything else as an array of rank one or more.
    """
    return {name: _give(features[name], value, labels) for name, value in outputs.items()}


def _give(feature: Feature, value: NDArray[Any], labels: tuple[Any, ...] | None) -> Any:
    if feature.kind == "image":
        return _picture(feature, value)
    if feature.kind == "dictionary" and labels is not None:
        return dict(zip(labels, value.reshape(-1).tolist(), strict=True))
    if feature.kind in ("string", "int64"):
        return value.item()
    return value.reshape(1) if value.ndim == 0 else value


def _picture(feature: Feature, value: NDArray[Any]) -> Image.Image:
    pixels = value[0, ..., 0] if value.shape[-1] == 1 else value[0]
    mode = PIL_MODES[feature.color or "RGB"]
    return Image.fromarray(pixels.astype(np.float32) if mode == "F" else pixels)
