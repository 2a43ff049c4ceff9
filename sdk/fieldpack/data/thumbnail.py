"""Small pictures of examples, for reports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fieldpack.contract.resampling import ChannelMix
from fieldpack.errors import InputError
from fieldpack.preprocess.image import open_picture, rgb
from fieldpack.preprocess.prepare import load_array
from fieldpack.preprocess.raw import Raw
from fieldpack.preprocess.sound import SUFFIXES, open_sound

SIDE = 96


def thumbnail(raw: Raw) -> Image.Image:
    """A picture of at most 96 x 96 pixels.

    Pictures are scaled down; of a sound the grey spectrogram is drawn (low frequencies at the
    bottom, time to the right, 60 dB), of a place its dot on the globe, of any other array its values
    from dark to light.

    Parameters
    ----------
    raw : Raw
        An example as it arrives.

    Returns
    -------
    PIL.Image.Image
        RGB or grey.

    Raises
    ------
    InputError
        The file is damaged, or the array is empty.
    """
    if isinstance(raw, Mapping):
        raw = next(iter(raw.values()))
    if isinstance(raw, Path) and raw.suffix.lower() in SUFFIXES:
        return _spectrogram(open_sound(raw, ChannelMix.MEAN)[0])
    if isinstance(raw, Path) and raw.suffix.lower() == ".npy":
        return _values(load_array(raw))
    if isinstance(raw, tuple):
        return _spectrogram(raw[0]) if isinstance(raw[0], np.ndarray) else _place(raw)
    if isinstance(raw, np.ndarray) and not _is_picture(raw):
        return _values(raw)
    picture = open_picture(raw) if isinstance(raw, Path) else _picture(raw)
    small = picture.copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    return small


def _is_picture(array: NDArray[Any]) -> bool:
    return array.dtype == np.uint8 and (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3)))


def _picture(raw: Image.Image | NDArray[Any]) -> Image.Image:
    if isinstance(raw, Image.Image):
        return rgb(raw)
    return Image.fromarray(np.ascontiguousarray(raw[..., 0] if raw.ndim == 3 and raw.shape[2] == 1 else raw))


def _spectrogram(samples: NDArray[np.float32]) -> Image.Image:
    frame = 2 * SIDE
    starts = np.linspace(0, max(0, samples.shape[0] - frame), SIDE).astype(np.intp)
    padded = np.pad(samples, (0, max(0, frame - samples.shape[0])))
    frames = np.stack([padded[start : start + frame] for start in starts]) * np.hanning(frame)
    power = np.abs(np.fft.rfft(frames, axis=1))[:, 1:].T[::-1] ** 2
    level = 10 * np.log10(np.maximum(power, 1e-12))
    return _grey(np.maximum(level, level.max() - 60))


def _place(raw: tuple[Any, ...]) -> Image.Image:
    globe = np.full((SIDE // 2, SIDE), 230, np.uint8)
    globe[SIDE // 4, :] = globe[:, SIDE // 2] = 180
    row = round((90 - float(raw[0])) / 180 * (SIDE // 2 - 1))
    column = round((float(raw[1]) + 180) / 360 * (SIDE - 1))
    globe[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] = 0
    return Image.fromarray(globe)


def _values(array: NDArray[Any]) -> Image.Image:
    if array.size == 0:
        raise InputError("an empty array has no thumbnail")
    values = np.nan_to_num(np.asarray(array, np.float64).squeeze())
    flat = (
        values
        if values.ndim == 2
        else values.reshape(1, -1)
        if values.ndim < 2
        else values.reshape(len(values), -1)
    )
    return _grey(flat).resize((SIDE, SIDE if flat.shape[0] > 1 else SIDE // 4), Image.Resampling.NEAREST)


def _grey(values: NDArray[np.float64]) -> Image.Image:
    low, high = values.min(), values.max()
    scaled = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return Image.fromarray(np.round(scaled * 255).astype(np.uint8))
