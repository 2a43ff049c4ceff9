"""Arrays across the border of a model: what a caller gives, and what a caller gets.

Checks and converts by the declared ``Feature`` alone, in numpy; the program behind it is the
interpreter's business. What Core ML would convert silently or refuse on the phone is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.coreml.feature import Feature
from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import InputError, UnsupportedError


def take_inputs(features: Sequence[Feature], arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Everything that a program takes, by name; see ``take_input``.

    An optional input that is left out takes its default.

    Raises
    ------
    InputError
        A name is missing or strange, or an array does not fit its feature.
    """
    if len(arrays) != len(features) or any(feature.name not in arrays for feature in features):
        arrays = _with_defaults(features, arrays)
    return {feature.name: take_input(feature, arrays[feature.name]) for feature in features}


def _with_defaults(features: Sequence[Feature], arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays of a caller who left some out, or named strange ones."""
    by_name = {feature.name: feature for feature in features}
    absent = [feature for name, feature in by_name.items() if name not in arrays]
    if set(arrays) - set(by_name) or any(not f.optional or f.default is None for f in absent):
        raise InputError(
            "The inputs are not those of the model",
            came=", ".join(sorted(arrays)) or "none",
            allowed=", ".join(by_name) or "none",
        )
    return {f.name: np.full(bounded(f.shape), f.default, dtype=f.dtype) for f in absent} | dict(arrays)


def take_input(feature: Feature, array: Any) -> NDArray[Any]:
    """Check what a caller gives for ``feature`` and bring it to the form that the program takes.

    Parameters
    ----------
    feature : Feature
        Of kind ``multiarray`` or ``image``.
    array : array
        Multiarray: a float array for a declared float type, an integer array for a declared
        integer type, of an admissible shape. Picture: uint8 or float ``[1, H, W, 3]`` in RGB order
        (``[1, H, W, 1]`` for grey), 0..255.

    Returns
    -------
    array
        Multiarray: of the declared type. Picture: float32 ``[1, C, H, W]`` in the declared order.

    Raises
    ------
    InputError
        Type, shape or range does not fit.
    UnsupportedError
        A kind of input that cannot be given yet.
    """
    if feature.kind not in ("multiarray", "image"):
        raise UnsupportedError(
            f"Input {feature.name!r} cannot be given", came=feature.kind, allowed="multiarray, image"
        )
    if not isinstance(array, np.ndarray):
        raise InputError(
            f"Input {feature.name!r} is no array", came=type(array).__name__, allowed="numpy array"
        )
    if not feature.allows(array.shape):
        picture = feature.kind == "image"
        raise InputError(
            f"Input {feature.name!r} has another shape",
            came=list(array.shape),
            allowed=feature.admissible,
            hint="scale the picture yourself; Core ML does not, and refuses it" if picture else None,
        )
    return _take_image(feature, array) if feature.kind == "image" else _take_array(feature, array)


def _take_array(feature: Feature, array: NDArray[Any]) -> NDArray[Any]:
    wanted = np.dtype(feature.dtype)
    if array.dtype == wanted:
        return array.copy()
    family = np.floating if wanted.kind == "f" else np.integer
    if not np.issubdtype(array.dtype, family):
        raise InputError(
            f"Input {feature.name!r} has another type",
            came=array.dtype,
            allowed=f"{feature.dtype}, or another {'float' if wanted.kind == 'f' else 'integer'} type",
            hint=f"array.astype({feature.dtype!r})",
        )
    with np.errstate(over="ignore"):
        cast = array.astype(wanted)
    if not _same_numbers(array, cast):
        raise InputError(
            f"Input {feature.name!r} holds values outside its type",
            came=f"{array.min()} to {array.max()}",
            allowed=f"values of {feature.dtype}",
        )
    return cast


def _same_numbers(array: NDArray[Any], cast: NDArray[Any]) -> bool:
    """Whether no number left its range by the change of type; float rounding is none."""
    if cast.dtype.kind != "f":
        return bool((cast == array).all())
    finite = np.isfinite(cast)
    return bool(finite.all()) or bool((finite | ~np.isfinite(array)).all())


def _take_image(feature: Feature, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype != np.uint8 and not np.issubdtype(array.dtype, np.floating):
        raise InputError(
            f"Picture {feature.name!r} has another type", came=array.dtype, allowed="uint8 or float, 0 to 255"
        )
    pixels = array.astype(np.float32)
    if feature.color != "GRAYSCALE_FLOAT16" and not ((pixels >= 0) & (pixels <= 255)).all():
        raise InputError(
            f"Picture {feature.name!r} holds values outside its range",
            came=f"{pixels.min()} to {pixels.max()}",
            allowed="0 to 255",
            hint="scale to 0..255; the model scales by itself",
        )
    if feature.color == "BGR":
        pixels = pixels[..., ::-1]
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))


def give_output(feature: Feature, value: Any) -> NDArray[Any]:
    """Bring a result of the program to the declared form of ``feature``; one that has it stays itself.

    Returns
    -------
    array
        Multiarray: of the declared type, floats rounded to it. Picture: uint8 ``[1, H, W, 3]`` in
        RGB order, clipped to 0..255 and rounded. Label: an array of rank 0. Dictionary of
        probabilities: float64 ``[classes]`` in the order of ``Package.labels``.
    """
    if feature.kind in ("string", "int64") and not isinstance(value, np.ndarray):
        return np.asarray(value)
    if not isinstance(value, np.ndarray):
        raise UnsupportedError(f"Output {feature.name!r} cannot be given", came=feature.kind)
    if feature.kind == "image":
        return _give_image(feature, value)
    if not feature.dtype or value.dtype == feature.dtype:
        return value
    with np.errstate(over="ignore"):
        return value.astype(feature.dtype)


def _give_image(feature: Feature, value: NDArray[Any]) -> NDArray[Any]:
    pixels = value.transpose(0, 2, 3, 1)
    if feature.color == "GRAYSCALE_FLOAT16":
        return pixels.astype(np.float16)
    if feature.color == "BGR":
        pixels = pixels[..., ::-1]
    rounded: NDArray[Any] = np.rint(np.clip(pixels, 0, 255))
    return rounded.astype(np.uint8)
