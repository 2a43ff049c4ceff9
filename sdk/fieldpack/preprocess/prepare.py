"""One door from an example in any form to the prepared array of an input.

Prepared form: for a picture uint8 [K, H, W, C] in the contract's colour order, after crop and
resize and before normalisation; for a raster float32 [K, H, W, C], scaled and filled; for every other
kind float32 [K, *input.shape]. K is the number of
patches of a recording, and 1 for everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fieldpack.contract.inputs import (
    GridInput,
    ImageInput,
    Input,
    LocationInput,
    SoundInput,
    SpectrogramInput,
    TensorInput,
)
from fieldpack.contract.raster import RasterInput
from fieldpack.errors import InputError
from fieldpack.preprocess.image import open_picture, prepare_image
from fieldpack.preprocess.location import encode
from fieldpack.preprocess.raster import prepare_raster
from fieldpack.preprocess.raw import Array, Raw
from fieldpack.preprocess.sound import open_sound
from fieldpack.preprocess.spectrogram import patches
from fieldpack.preprocess.waveform import sound_windows

_MORE_S = 10.0
"""Seconds read behind ``max_seconds``, so that no filter of a resampler sees the end of the reading."""


def prepared_shape(contract: Input) -> tuple[int, ...]:
    """Shape of one prepared item: [height, width, channels] of a picture or raster, else the input's own."""
    if isinstance(contract, GridInput):
        return (contract.height, contract.width, contract.channels)
    return tuple(contract.shape)


def prepared_dtype(contract: Input) -> np.dtype[Any]:
    """Number format of prepared items: uint8 for pictures, else float32."""
    return np.dtype(np.uint8 if isinstance(contract, ImageInput) else np.float32)


def prepare(contract: Input, raw: Raw) -> Array:
    """Prepare one example for one input.

    Parameters
    ----------
    contract : Input
        The input of the contract.
    raw : Raw
        The example; :data:`fieldpack.preprocess.raw.Raw` lists the forms. Of a mapping the entry
        with the input's name is taken, already in prepared form.

    Returns
    -------
    ndarray
        uint8 [1, H, W, C] of a picture, float32 [1, H, W, C] of a raster, else float32 [K, *contract.shape].

    Raises
    ------
    InputError
        The file is damaged, or the form, the shape or the values do not fit the input.
    """
    if isinstance(raw, Mapping):
        if contract.name not in raw:
            raise InputError(
                f"the example has nothing for input {contract.name!r}",
                came=", ".join(sorted(raw)) or "nothing",
            )
        return ready(contract, raw[contract.name])
    if isinstance(contract, ImageInput):
        return prepare_image(_picture(contract, raw), contract)[None]
    if isinstance(contract, SoundInput) and isinstance(raw, Path | tuple):
        samples, rate = (
            open_sound(raw, contract.front_end.channel_mix, contract.front_end.max_seconds + _MORE_S)
            if isinstance(raw, Path)
            else _sound(contract, raw)
        )
        if isinstance(contract, SpectrogramInput):
            return patches(samples, rate, contract)
        return sound_windows(samples, rate, contract)
    if isinstance(contract, LocationInput) and isinstance(raw, tuple):
        latitude, longitude, elevation, *week = _place(contract, raw)
        return encode(latitude, longitude, elevation, contract, *week)[None]
    if isinstance(contract, RasterInput) and isinstance(raw, Path | np.ndarray):
        return _raster(contract, raw)[None]
    if isinstance(contract, TensorInput) and isinstance(raw, Path):
        return ready(contract, load_array(raw))
    if isinstance(raw, np.ndarray):
        return ready(contract, raw)
    raise _wrong_form(contract, raw)


def ready(contract: Input, array: Array) -> Array:
    """Check an array that is already in prepared form, and add the axis K = 1.

    Raises
    ------
    InputError
        Shape, number format or values do not fit.
    """
    array = np.asarray(array)
    shape, dtype = prepared_shape(contract), prepared_dtype(contract)
    fits = array.dtype == dtype if dtype == np.uint8 else array.dtype.kind in "fiu"
    if array.shape != shape or not fits:
        raise InputError(
            f"an array does not fit input {contract.name!r}",
            came=f"{array.dtype} {list(array.shape)}",
            allowed=f"{dtype} {list(shape)}",
        )
    item = array.astype(dtype, copy=False)
    if dtype == np.float32 and not np.isfinite(item).all():
        raise InputError(f"an array for input {contract.name!r} holds NaN or infinity")
    if isinstance(contract, TensorInput):
        _check_range(contract, item)
    return item[None]


def _check_range(contract: TensorInput, item: NDArray[np.float32]) -> None:
    low, high = float(item.min()), float(item.max())
    if low < np.float32(contract.low) or high > np.float32(contract.high):
        raise InputError(
            f"an array for input {contract.name!r} leaves the admissible range",
            came=f"{low:g}..{high:g}",
            allowed=f"{contract.low:g}..{contract.high:g}",
            hint="mend the data, or low and high in the contract",
        )


def _picture(contract: ImageInput, raw: Raw) -> Image.Image:
    if isinstance(raw, Path):
        return open_picture(raw)
    if isinstance(raw, Image.Image):
        return raw
    if isinstance(raw, np.ndarray) and raw.dtype == np.uint8 and raw.size:
        pixels = raw[..., 0] if raw.ndim == 3 and raw.shape[2] == 1 else raw
        if pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3):
            return Image.fromarray(np.ascontiguousarray(pixels))
    raise _wrong_form(contract, raw)


def _raster(contract: RasterInput, raw: Path | Array) -> NDArray[np.float32]:
    if isinstance(raw, np.ndarray):
        return prepare_raster(raw, contract)
    if raw.suffix.lower() == ".npy":
        return prepare_raster(load_array(raw), contract)
    from fieldpack.scenes.reading import open_scene

    with open_scene(raw, contract) as scene:
        if (scene.place.height, scene.place.width) != (contract.height, contract.width):
            raise InputError(
                f"{raw} is no single tile",
                came=f"{scene.place.height} by {scene.place.width} pixels",
                allowed=f"{contract.height} by {contract.width}",
                hint="a scene goes through fieldpack predict BUNDLE scene.tif --out FILE.tif",
            )
        window = scene.read_all()
    return prepare_raster(window.values, contract, window.masked)


def _sound(contract: SoundInput, raw: tuple[Any, ...]) -> tuple[NDArray[np.float32], int]:
    if len(raw) == 2 and isinstance(raw[0], np.ndarray) and raw[0].ndim == 1:
        return raw[0].astype(np.float32, copy=False), int(raw[1])
    raise _wrong_form(contract, raw)


def _place(contract: LocationInput, raw: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(raw) in (3, 4) and all(item is None or isinstance(item, int | float | np.number) for item in raw):
        return raw
    raise _wrong_form(contract, raw)


def load_array(path: Path) -> Array:
    """Read an ``.npy`` file without unpickling; `InputError` names what cannot be read."""
    try:
        array: Array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path} is not an .npy array, and the model takes one") from error
    return array


_FORMS = {
    "image": "a picture file, a PIL image, or uint8 RGB [H, W, 3]",
    "spectrogram": "a sound file, (samples [n], sample_rate_hz), or a float32 patch",
    "waveform": "a sound file, (samples [n], sample_rate_hz), or a float32 window",
    "location": "(latitude, longitude, elevation or None[, week or None]), or a float32 vector",
    "raster": "a GeoTIFF of one tile, an .npy file or an array [bands, rows, columns]",
    "tensor": "an .npy file or a float32 array",
}


def _wrong_form(contract: Input, raw: Raw) -> InputError:
    came = (
        f"{raw.dtype} {list(raw.shape)}"
        if isinstance(raw, np.ndarray)
        else f"{type(raw).__name__} {raw!r:.80}"
    )
    return InputError(
        f"an example does not fit the {contract.kind} input {contract.name!r}",
        came=came,
        allowed=_FORMS[contract.kind],
    )
