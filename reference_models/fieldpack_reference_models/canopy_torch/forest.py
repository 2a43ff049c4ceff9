"""The random forest that the network is judged beside: blurred colours and textures of the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import MissingDependencyError
from fieldpack_reference_models.canopy_torch.blocks import Masks
from fieldpack_reference_models.canopy_torch.scenes import FACTOR, Reals, Scene, pooled

BLURS_PX = (1, 2, 4, 8)
WINDOWS_PX = (3, 7, 15, 31)
TREES = {"n_estimators": 100, "min_samples_leaf": 3, "max_features": 0.4}


def features(scene: Scene) -> Reals:
    """Features [F, H, W] of every cell.

    Red, green, blue, excess green and two ratios of bands, each blurred four times; the standard deviation of
    the brightness in four windows.
    """
    from scipy.ndimage import gaussian_filter, uniform_filter

    red, green, blue = bands = scene.bands / 255
    light = bands.mean(axis=0)
    layers = [red, green, blue, 2 * green - red - blue]
    layers += [(green - other) / (green + other + 1e-3) for other in (red, blue)]
    found = [gaussian_filter(layer, blur) for layer in layers for blur in BLURS_PX]
    for window in WINDOWS_PX:
        variance = uniform_filter(light**2, window) - uniform_filter(light, window) ** 2
        found.append(np.sqrt(np.maximum(variance, 0)))
    return pooled(np.stack(found).astype(np.float32), FACTOR)


def fitted(stacks: Sequence[Reals], scenes: Sequence[Scene], masks: Masks, seed: int) -> Any:
    """A random forest of the cells of `masks`.

    Raises
    ------
    MissingDependencyError
        scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError as error:
        raise MissingDependencyError(
            "The forest needs scikit-learn.", came=error, hint="pip install 'fieldpack[coreml-convert]'"
        ) from error
    rows = np.concatenate([stack[:, mask].T for stack, mask in zip(stacks, masks, strict=True)])
    truth = np.concatenate([scene.heights[mask] for scene, mask in zip(scenes, masks, strict=True)])
    return RandomForestRegressor(**TREES, random_state=seed, n_jobs=1).fit(rows, truth)


def answers(forest: Any, stack: Reals, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Heights of the cells of `mask`, metres."""
    return np.asarray(forest.predict(stack[:, mask].T), np.float64)
