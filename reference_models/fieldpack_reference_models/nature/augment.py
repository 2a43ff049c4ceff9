"""What training shows instead of the photo itself: a crop, mirrored, in other light, mixed with another.

Crops are taken before the resize, so that small ones do not blur twice.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

Real = NDArray[np.float32]
WIDEST_ASPECT = 4 / 3
COLOUR_SPREAD = 0.3


def varied(picture: Image.Image, smallest: float, dice: np.random.Generator) -> Image.Image:
    """A crop of `smallest`..1 of the area, mirrored half of the time, its light and colour changed a little.

    Parameters
    ----------
    picture : PIL.Image.Image
        RGB.
    smallest : float
        Least share of the area that a crop keeps, 0..1.
    dice : numpy.random.Generator
        Every draw comes from it.

    Returns
    -------
    PIL.Image.Image
        RGB, as large as the crop.
    """
    crop = picture.crop(_box(picture.size, smallest, dice))
    if dice.random() < 0.5:
        crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        crop = enhancer(crop).enhance(float(dice.uniform(1 - COLOUR_SPREAD, 1 + COLOUR_SPREAD)))
    return crop


def _box(
    size: tuple[int, int], smallest: float, dice: np.random.Generator
) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a crop, whole pixels inside the picture."""
    share = dice.uniform(smallest, 1)
    aspect = math.exp(dice.uniform(-math.log(WIDEST_ASPECT), math.log(WIDEST_ASPECT)))
    width = max(1, min(size[0], round(size[0] * math.sqrt(share * aspect))))
    height = max(1, min(size[1], round(size[1] * math.sqrt(share / aspect))))
    left = int(dice.integers(0, size[0] - width + 1))
    top = int(dice.integers(0, size[1] - height + 1))
    return left, top, left + width, top + height


def mixed(inputs: Real, targets: Real, alpha: float, dice: np.random.Generator) -> tuple[Real, Real]:
    """Mixup (Zhang et al. 2018, arXiv:1710.09412): each row plus a share of another row, targets likewise.

    Parameters
    ----------
    inputs, targets : ndarray
        float32 [N, ...] and [N, classes].
    alpha : float
        Both parameters of the beta distribution that the share is drawn from; 0 mixes nothing.
    dice : numpy.random.Generator
        Every draw comes from it.

    Returns
    -------
    tuple of ndarray
        Mixed inputs and targets, shapes unchanged.
    """
    if alpha == 0:
        return inputs, targets
    share = dice.beta(alpha, alpha, len(inputs)).astype(np.float32)
    other = dice.permutation(len(inputs))
    wide = share.reshape(-1, *(1,) * (inputs.ndim - 1))
    return (
        inputs * wide + inputs[other] * (1 - wide),
        targets * share[:, None] + targets[other] * (1 - share[:, None]),
    )
