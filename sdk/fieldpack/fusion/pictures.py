"""Crop, resize and orientation of a picture in each mode, whatever the contract's own rule says.

The server scales so that the shorter side is the input's over 0.875, by area, and takes the centre. iOS takes
the largest centred rectangle; its filter is Vision's, for which Pillow's bilinear stands. Android takes a
centred square of ``cropRatio`` of the shorter side, bilinear without antialiasing, and knows no orientation.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image

from fieldpack.contract.inputs import CenterCrop, ImageInput, Resample, Resize, Stretch
from fieldpack.errors import InputError
from fieldpack.fusion.rules import RULES, Mode
from fieldpack.preprocess.image import Pixels, open_picture, prepare_image

SERVER_CROP = 0.875


def mode_picture(path: Path, contract: ImageInput, mode: Mode, crop_ratio: float = 1.0) -> Pixels:
    """A picture file as a mode feeds it to its model.

    Parameters
    ----------
    path : Path
        The file.
    contract : ImageInput
        Size and colour order.
    mode : Mode
        Whose rules.
    crop_ratio : float
        Android's, above 0 to 1; both apps use 1.

    Returns
    -------
    ndarray
        uint8 [1, height, width, channels], 0..255; transposed where the mode is.

    Raises
    ------
    InputError
        The file is damaged, the ratio is out of range, or a transposed input is not square.
    """
    if not 0 < crop_ratio <= 1:
        raise InputError("a crop ratio is out of range", came=crop_ratio, allowed="above 0, to 1")
    rules = RULES[mode]
    picture = open_picture(path, upright=rules.upright)
    if mode is Mode.SERVER:
        picture = _scaled(picture, contract)
        pixels = prepare_image(picture, _with_resize(contract, Stretch(kind="stretch"), Resample.BOX))
    elif mode is Mode.IOS:
        pixels = prepare_image(picture, _with_resize(contract, _centre(1.0), Resample.BILINEAR))
    else:
        resize = _with_resize(contract, _centre(crop_ratio), Resample.BILINEAR_NO_ANTIALIAS)
        pixels = prepare_image(picture, resize)
    if rules.transposed:
        if contract.height != contract.width:
            raise InputError(
                "only a square picture can be transposed", came=f"{contract.height} x {contract.width}"
            )
        pixels = pixels.transpose(1, 0, 2)
    return np.ascontiguousarray(pixels[None])


def _centre(fraction: float) -> CenterCrop:
    return CenterCrop(kind="center_crop", fraction=fraction)


def _with_resize(contract: ImageInput, fit: CenterCrop | Stretch, method: Resample) -> ImageInput:
    return contract.model_copy(update={"resize": Resize(method=method, fit=fit)})


def _scaled(picture: Image.Image, contract: ImageInput) -> Image.Image:
    """Scaled by area and cut to the input's size, which a stretch to that size leaves as it is."""
    scale = max(contract.width / picture.width, contract.height / picture.height) / SERVER_CROP
    size = [max(1, math.floor(side * scale + 0.5)) for side in picture.size]
    size = [max(side, least) for side, least in zip(size, (contract.width, contract.height), strict=True)]
    large = picture.resize((size[0], size[1]), Image.Resampling.BOX)
    left, top = (size[0] - contract.width) // 2, (size[1] - contract.height) // 2
    return large.crop((left, top, left + contract.width, top + contract.height))
