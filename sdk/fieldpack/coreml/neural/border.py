"""Features of an app <-> blobs of a network: the rank rules of the older format.

Up to specification 3, and later where the file says so, every blob has rank 5: sequence, batch,
channel, height, width. An array ``[C]`` becomes ``[1, 1, C, 1, 1]``, ``[C, H, W]`` becomes
``[1, 1, C, H, W]``, a picture ``[1, 1, C, H, W]``; the two leading sizes may be given as well. With
exact mapping arrays keep their rank and pictures become ``[1, C, H, W]``. On the way out the same
rule runs backwards: without a sequence or batch ``[C]`` or ``[C, H, W]``, else all five axes; with
exact mapping a blob with more axes than the output declares, and as many elements, takes its shape.

Preprocessing of pictures (a scale and one bias a channel, or a mean picture) runs here too.

Specification: ``NeuralNetworkMultiArrayShapeMapping``, ``NeuralNetworkImageShapeMapping``,
``NeuralNetworkPreprocessing``.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.coreml.exchange import take_input
from fieldpack.coreml.feature import Feature
from fieldpack.coreml.neural.network import Network
from fieldpack.errors import InputError, ModelFileError

_SCALER_BIASES = {
    "RGB": ("redBias", "greenBias", "blueBias"),
    "BGR": ("blueBias", "greenBias", "redBias"),
    "GRAYSCALE": ("grayBias",),
    "GRAYSCALE_FLOAT16": ("grayBias",),
}


def take_blob(feature: Feature, array: Any, network: Network) -> NDArray[np.float32]:
    """Check an input and bring it to the blob that the layers see.

    Raises
    ------
    InputError
        Type, shape or range does not fit.
    ModelFileError
        The feature has a rank that the mapping does not know, or its preprocessing does not fit.
    """
    if feature.kind == "image":
        picture = _prepared(feature, take_input(feature, array), network)
        return picture if network.short_images else picture[None]
    if network.exact_arrays or feature.kind != "multiarray":
        return _float(take_input(feature, array))
    return _rank_five(feature, array)


def give_blob(feature: Feature, blob: NDArray[Any], network: Network) -> NDArray[Any]:
    """A blob in the shape that an app sees.

    Raises
    ------
    ModelFileError
        It cannot have that shape.
    """
    if feature.kind == "image":
        picture = blob.reshape(-1, *blob.shape[-3:]) if blob.ndim >= 3 else blob
        channels = 1 if (feature.color or "").startswith("GRAYSCALE") else 3
        if picture.ndim != 4 or picture.shape[:2] != (1, channels):
            raise ModelFileError(
                f"Output {feature.name!r} is no picture",
                came=list(blob.shape),
                allowed=f"[1, {channels}, H, W]",
            )
        return picture
    if feature.kind in ("double", "int64") and blob.size == 1:
        return blob.reshape(())
    if network.exact_arrays:
        longer = 0 < len(feature.shape) < blob.ndim and blob.size == math.prod(feature.shape)
        return blob.reshape(feature.shape) if longer else blob
    if blob.ndim != 5 or blob.shape[:2] != (1, 1):
        return blob
    inner = blob.shape[2:]
    vector = len(feature.shape) == 1 or (not feature.shape and inner[1:] == (1, 1))
    return blob.reshape(-1) if vector and max(inner) == blob.size else blob.reshape(inner)


def _rank_five(feature: Feature, array: Any) -> NDArray[np.float32]:
    rank = len(feature.shape)
    if rank not in (1, 3):
        raise ModelFileError(
            f"Input {feature.name!r} has a rank that its mapping does not know",
            came=list(feature.shape),
            allowed="[C] or [C, H, W]",
        )
    if not isinstance(array, np.ndarray) or array.ndim == rank:
        data = _float(take_input(feature, array))
        return data.reshape(1, 1, *data.shape, *(1,) * (3 - rank))
    body = array.shape[2:]
    if rank == 1 and len(body) == 3 and body[1:] == (1, 1):
        body = body[:1]
    if array.ndim < 3 or not feature.allows(body):
        raise InputError(
            f"Input {feature.name!r} has another shape",
            came=list(array.shape),
            allowed=f"{feature.admissible}, or sequence and batch before it",
        )
    data = _float(take_input(replace(feature, shape=array.shape, ranges=None, shapes=None), array))
    return data.reshape(*array.shape[:2], *body, *(1,) * (3 - rank))


def _float(array: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(array, np.float32)


def _prepared(feature: Feature, picture: NDArray[Any], network: Network) -> NDArray[np.float32]:
    """Scaled and shifted as the file says, in float32."""
    data = _float(picture)
    for entry in network.preprocessing:
        if entry.featureName not in (feature.name, ""):
            continue
        if entry.WhichOneof("preprocessor") == "scaler":
            biases = [getattr(entry.scaler, name) for name in _SCALER_BIASES[str(feature.color)]]
            data = data * np.float32(entry.scaler.channelScale) + np.array(biases, np.float32)[:, None, None]
        elif entry.WhichOneof("preprocessor") == "meanImage":
            mean = np.frombuffer(b"".join(entry.meanImage.meanImage), "<f4")
            if mean.size != data.size:
                raise ModelFileError(
                    f"The mean picture of {feature.name!r} has another size",
                    came=mean.size,
                    allowed=f"{data.size} values for {list(data.shape[1:])}",
                )
            data = data - mean.reshape(data.shape)
    return data
