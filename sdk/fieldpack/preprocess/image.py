"""From a picture file to pixels, and from pixels to a tensor.

The pixels are uint8 in the colour order of the contract, after crop and resize and before
normalisation: the form that is cached, shown in reports and stored as golden input. Phones decode
and scale pictures in many ways; everything that changes a pixel is therefore fixed here and stated.
No colour profile is applied: training pipelines do not apply one either.
"""

from __future__ import annotations

import io
import math
import struct
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from fieldpack.contract.inputs import CenterCrop, ColorOrder, ImageInput, Layout, Pad, Resample
from fieldpack.errors import InputError

Pixels = NDArray[np.uint8]
LARGEST_PICTURE_PIXELS = 100_000_000
BACKGROUND = (255, 255, 255)

_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error)
_FILTERS = {
    Resample.NEAREST: Image.Resampling.NEAREST,
    Resample.BILINEAR: Image.Resampling.BILINEAR,
    Resample.BICUBIC: Image.Resampling.BICUBIC,
    Resample.LANCZOS: Image.Resampling.LANCZOS,
    Resample.BOX: Image.Resampling.BOX,
}


def open_picture(source: Path | str | bytes, *, upright: bool = True) -> Image.Image:
    """Decode a picture to upright 8-bit RGB.

    The EXIF orientation is applied, transparency is composited on white, 16-bit grey keeps its high
    byte (as Pillow does for 16-bit colour), CMYK becomes RGB without a profile, and of
    an animation the first frame is taken.

    Parameters
    ----------
    source : Path, str or bytes
        A file, or the bytes of one.
    upright : bool
        Whether the EXIF orientation is applied; some apps leave it out.

    Returns
    -------
    PIL.Image.Image
        Mode ``RGB``, at most 100 million pixels.

    Raises
    ------
    InputError
        The file is missing, empty, truncated, not a picture, too large, or of a pixel format without
        a stated range (32-bit integers above 65535, floats).
    """
    name = "the picture" if isinstance(source, bytes) else str(source)
    data = source if isinstance(source, bytes) else _content(Path(source))
    if not data:
        raise InputError(f"{name} is empty", came="0 bytes", allowed="a picture file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as picture:
                _check_size(picture, name)
                picture.load()
                if upright:
                    ImageOps.exif_transpose(picture, in_place=True)
                return rgb(picture, name)
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(name, str(error)) from error
    except UnidentifiedImageError as error:
        raise InputError(
            f"{name} is not a picture that Pillow can read",
            came=f"{len(data)} bytes that begin with {data[:8]!r}",
            allowed="JPEG, PNG, WebP, TIFF, BMP, GIF",
        ) from error
    except _BROKEN as error:
        raise InputError(f"{name} is a damaged picture", came=error, hint="replace or remove it") from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"the picture {path} cannot be read", came=error.strerror) from error


def _check_size(picture: Image.Image, name: str) -> None:
    width, height = picture.size
    if width * height > LARGEST_PICTURE_PIXELS:
        raise _too_large(name, f"{width} x {height} pixels")


def _too_large(name: str, came: str) -> InputError:
    return InputError(
        f"{name} is too large to decode safely",
        came=came,
        allowed=f"at most {LARGEST_PICTURE_PIXELS} pixels",
        hint="scale it down first",
    )


def rgb(picture: Image.Image, name: str = "the picture") -> Image.Image:
    """A picture of any mode as 8-bit RGB; see :func:`open_picture` for the rules."""
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.mode.startswith("I"):
        return _from_deep(picture, name)
    if picture.mode == "F":
        raise InputError(f"{name} has floating-point pixels without a stated range", allowed="8 or 16 bits")
    if picture.has_transparency_data:
        layered = picture.convert("RGBA")
        ground = Image.new("RGBA", layered.size, (*BACKGROUND, 255))
        return Image.alpha_composite(ground, layered).convert("RGB")
    return picture.convert("RGB")


def _from_deep(picture: Image.Image, name: str) -> Image.Image:
    """16-bit grey to RGB: the high byte."""
    values = np.asarray(picture).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise InputError(
            f"{name} has pixels outside 16 bits", came=f"{values.min()}..{values.max()}", allowed="0..65535"
        )
    return Image.fromarray((values >> 8).astype(np.uint8), mode=None).convert("RGB")


def prepare_image(picture: Image.Image, contract: ImageInput) -> Pixels:
    """Crop and resize a picture and order its channels as the contract says.

    ``center_crop`` takes ``floor(side * fraction + 0.5)`` whole pixels of the largest centred rectangle of
    the input's aspect ratio, its left and top edge at ``(size - crop) // 2``; ``pad`` scales to
    ``floor(side + 0.5)`` and centres the same way. Filters are Pillow's, which antialias
    when they shrink, except ``bilinear_no_antialias`` (:func:`bilinear`). Grey is ITU-R
    BT.601 luma, taken before the resize.

    Parameters
    ----------
    picture : PIL.Image.Image
        Any mode.
    contract : ImageInput
        Size, fit, filter and colour order.

    Returns
    -------
    ndarray
        uint8 [height, width, channels], 0..255.
    """
    picture = rgb(picture)
    if contract.color_order is ColorOrder.GRAY:
        picture = picture.convert("L")
    fit, method = contract.resize.fit, contract.resize.method
    size = (contract.width, contract.height)
    if isinstance(fit, Pad):
        pixels = _padded(picture, size, method, fit.value)
    else:
        if isinstance(fit, CenterCrop):
            picture = picture.crop(_crop_box(picture.size, size, fit.fraction))
        pixels = _resized(picture, size, method)
    if contract.color_order is ColorOrder.BGR:
        pixels = pixels[..., ::-1]
    return np.ascontiguousarray(pixels)


def _rounded(value: float) -> int:
    return max(1, math.floor(value + 0.5))


def _crop_box(size: tuple[int, int], target: tuple[int, int], fraction: float) -> tuple[int, int, int, int]:
    width, height = size
    scale = min(width / target[0], height / target[1]) * fraction
    crop_width = min(width, _rounded(target[0] * scale))
    crop_height = min(height, _rounded(target[1] * scale))
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    return left, top, left + crop_width, top + crop_height


def _padded(picture: Image.Image, size: tuple[int, int], method: Resample, value: int) -> Pixels:
    scale = min(size[0] / picture.width, size[1] / picture.height)
    width = min(size[0], _rounded(picture.width * scale))
    height = min(size[1], _rounded(picture.height * scale))
    inner = _resized(picture, (width, height), method)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    padded = np.full((size[1], size[0], inner.shape[2]), value, np.uint8)
    padded[top : top + height, left : left + width] = inner
    return padded


def _resized(picture: Image.Image, size: tuple[int, int], method: Resample) -> Pixels:
    if method is Resample.BILINEAR_NO_ANTIALIAS:
        return bilinear(_array(picture), size[1], size[0])
    return _array(picture.resize(size, _FILTERS[method]))


def _array(picture: Image.Image) -> Pixels:
    pixels = np.asarray(picture, np.uint8)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def bilinear(pixels: Pixels, height: int, width: int) -> Pixels:
    """Bilinear interpolation without antialiasing, as phones and ``tf.image.resize`` do it.

    Pixel centres lie at half integers: output ``i`` samples the input at ``(i + 0.5) * n_in / n_out - 0.5``,
    clamped to the picture. Float32 arithmetic, result rounded half up.

    Parameters
    ----------
    pixels : ndarray
        uint8 [H, W, C].
    height, width : int
        Size of the result, pixels.

    Returns
    -------
    ndarray
        uint8 [height, width, C].
    """
    low, high, share = _taps(pixels.shape[0], height)
    weight = share[:, None, None]
    upper, lower = pixels[low].astype(np.float32), pixels[high].astype(np.float32)
    rows = upper + (lower - upper) * weight
    low, high, share = _taps(pixels.shape[1], width)
    left, right = rows[:, low], rows[:, high]
    mixed: Pixels = np.floor(left + (right - left) * share[None, :, None] + 0.5).astype(np.uint8)
    return mixed


def _taps(size: int, target: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Both neighbours of every output position along one axis, and the weight of the second."""
    position = np.clip((np.arange(target) + 0.5) * (size / target) - 0.5, 0, size - 1)
    low = np.floor(position).astype(np.intp)
    return low, np.minimum(low + 1, size - 1), (position - low).astype(np.float32)


def to_tensor(
    pixels: NDArray[np.uint8] | NDArray[np.float32],
    scale: Sequence[float],
    offset: Sequence[float],
    layout: Layout,
) -> NDArray[np.float32]:
    """Pixels to the tensor that a model takes: ``x = pixel * scale + offset`` for each channel.

    Parameters
    ----------
    pixels : ndarray
        uint8 or float32 [N, H, W, C], 0..255.
    scale, offset : sequence of float
        One number a channel, as :meth:`ImageInput.scale_offset` gives them.
    layout : Layout
        Axis order of the result.

    Returns
    -------
    ndarray
        float32 [N, H, W, C] or [N, C, H, W].

    Raises
    ------
    InputError
        `pixels` has not four axes, or another number of channels than `scale`.
    """
    if pixels.ndim != 4 or pixels.shape[3] != len(scale) or len(scale) != len(offset):
        raise InputError(
            "pixels do not fit the contract", came=pixels.shape, allowed=f"[N, H, W, {len(scale)}]"
        )
    tensor = pixels.astype(np.float32)
    tensor *= np.asarray(scale, np.float32)
    tensor += np.asarray(offset, np.float32)
    return np.ascontiguousarray(tensor.transpose(0, 3, 1, 2)) if layout is Layout.NCHW else tensor
