"""Light and lens: shading, cast shadow, colour temperature, brightness, blur and sensor noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from fieldpack_reference_models.dice import Dice
from fieldpack_reference_models.vision.canvas import shifted, softened
from fieldpack_reference_models.vision.outline import cosine, sine

Plane = NDArray[np.float32]

# level, warmth, hardness of shadows, saturation, sensor noise: (low, high) of each.
_MOODS: dict[str, tuple[tuple[float, float], ...]] = {
    "sun": ((0.95, 1.25), (-0.02, 0.12), (0.4, 0.65), (0.95, 1.2), (0.01, 0.03)),
    "overcast": ((0.75, 1.05), (-0.06, 0.04), (0.08, 0.2), (0.7, 1.0), (0.01, 0.03)),
    "shade": ((0.55, 0.85), (-0.16, -0.03), (0.05, 0.2), (0.7, 1.0), (0.015, 0.045)),
    "dusk": ((0.45, 0.75), (0.08, 0.28), (0.2, 0.5), (0.6, 0.95), (0.02, 0.06)),
}
LIGHTS: tuple[str, ...] = tuple(_MOODS)


@dataclass(frozen=True, slots=True)
class Light:
    """One lighting: direction as a unit vector towards the light, the rest relative to neutral."""

    kind: str
    x: float
    y: float
    level: float
    warmth: float
    hardness: float
    saturation: float
    grain: float
    blur: float


def light(dice: Dice) -> Light:
    """Draw a lighting; blur is a radius as a share of the picture's side."""
    kind = dice.pick(LIGHTS)
    turn = dice.number()
    level, warmth, hardness, saturation, grain = (dice.between(low, high) for low, high in _MOODS[kind])
    blur = dice.between(0.003, 0.009) if dice.chance(0.5) else 0.0
    return Light(kind, cosine(turn), sine(turn), level, warmth, hardness, saturation, grain, blur)


def lay(ground: Plane, colour: Plane, coverage: Plane, sky: Light, lift: float) -> Plane:
    """Lay a painted subject on the ground, with its cast shadow and its own relief.

    Parameters
    ----------
    ground : float32 [3, H, W]
        0..255.
    colour, coverage : float32 [3, H, W] and [H, W]
        As ``canvas.paint`` gives them.
    sky : Light
        Where the light comes from.
    lift : float
        Height above the ground as a share of the picture's side; moves the shadow.

    Returns
    -------
    float32 [3, H, W]
    """
    size = len(coverage)
    soft = softened(coverage, max(2, size // 24))
    away = lift * size
    cast = shifted(soft, -round(sky.x * away), -round(sky.y * away))
    dark = np.float32(1) - cast * np.float32(sky.hardness)
    step = max(1, size // 48)
    right, down = round(sky.x * step * 1.5), round(sky.y * step * 1.5)
    slope = shifted(soft, -right, -down) - shifted(soft, right, down)
    relief = np.float32(1) - slope * np.float32(0.25 + 0.5 * sky.hardness)
    bare = (np.float32(1) - coverage) * dark
    return ground * bare + colour * relief


def expose(scene: Plane, sky: Light, dice: Dice) -> NDArray[np.uint8]:
    """Turn a scene into a picture: falloff, saturation, temperature, level, blur, noise.

    Parameters
    ----------
    scene : float32 [3, H, W]
        0..255, unbounded above.

    Returns
    -------
    uint8 [H, W, 3]
    """
    size = scene.shape[2]
    axis = np.arange(size, dtype=np.float32) * np.float32(2 / size) - np.float32(1)
    fall = np.float32(0.25 * sky.hardness)
    falloff = np.float32(sky.level) * (
        np.float32(1)
        + axis[None, :] * (fall * np.float32(sky.x))
        + axis[:, None] * (fall * np.float32(sky.y))
    )
    grey = (scene[0] + scene[1] * np.float32(2) + scene[2]) * np.float32(0.25)
    vivid, dull = np.float32(sky.saturation) * falloff, np.float32(1 - sky.saturation) * falloff * grey
    picture = np.empty((size, size, 3), dtype=np.uint8)
    for band, gain in enumerate((1 + sky.warmth, 1.0, 1 - sky.warmth)):
        exposed = (scene[band] * vivid + dull) * np.float32(gain)
        picture[:, :, band] = np.clip(exposed, 0, 255, out=exposed)
    return _grained(_blurred(picture, sky.blur * size), sky.grain, dice)


def _blurred(picture: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    if radius == 0:
        return picture
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.BoxBlur(radius)))


def _grained(picture: NDArray[np.uint8], grain: float, dice: Dice) -> NDArray[np.uint8]:
    """Add sensor noise: uniform, of full width `grain` times 510, and round."""
    noisy = dice.raw(*picture.shape).astype(np.float32)
    noisy *= np.float32(2 * grain)
    noisy += np.float32(0.5 - 255 * grain)
    noisy += picture
    np.clip(noisy, 0, 255, out=noisy)
    return noisy.astype(np.uint8)
