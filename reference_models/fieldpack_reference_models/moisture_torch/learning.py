"""Features of the encoder, and the head in closed form: ridge regression on random cosines.

Cosines of random directions stand for a Gaussian kernel (Rahimi and Recht, NIPS 2007), so that the head is as
smooth as a kernel machine, has no example in its weights, and comes out the same each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack_reference_models.learning.torch_learner import framework
from fieldpack_reference_models.moisture_torch import network
from fieldpack_reference_models.moisture_torch.examples import INPUTS, Examples, Reals

START = Path("models") / "geo" / "presto" / "default_model.pt"
BATCH = 128


@dataclass(frozen=True, slots=True)
class HeadRecipe:
    """What decides the head, besides examples and encoder.

    Attributes
    ----------
    seed : int
        Of the directions.
    waves : int
        Number of cosines.
    nearness : float
        Of the kernel ``exp(-nearness * d)``, d the mean squared difference of standardised features.
    ridge : float
        Weight of the squared norm of the coefficients.
    folds : int
        Groups of sites that the recipe is judged on, in turn.
    """

    seed: int
    waves: int
    nearness: float
    ridge: float
    folds: int


@dataclass(frozen=True, slots=True)
class Head:
    """``moisture = weights @ cos(kernel @ features + phase) + bias``; kernel [waves, F], weights [waves]."""

    kernel: NDArray[np.float64]
    phase: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float

    def answers(self, features: Reals) -> NDArray[np.float64]:
        """Moisture [N] of features [N, F]."""
        return np.asarray(np.cos(features @ self.kernel.T + self.phase) @ self.weights + self.bias)


def fit_head(features: Reals, moisture: Reals, recipe: HeadRecipe) -> Head:
    """Fit the head to features [N, F] and moisture [N]."""
    dice = np.random.default_rng(recipe.seed)
    size, wanted = features.shape[1], moisture.astype(np.float64)
    middle, width = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64) + 1e-6
    directions = dice.normal(0, np.sqrt(2 * recipe.nearness / size), (recipe.waves, size))
    kernel = directions / width
    phase = dice.uniform(0, 2 * np.pi, recipe.waves) - kernel @ middle
    scale = np.sqrt(2 / recipe.waves)
    waves = scale * np.cos(features @ kernel.T + phase)
    centre = waves.mean(axis=0)
    apart = waves - centre
    normal = apart.T @ apart + recipe.ridge * np.eye(recipe.waves)
    weights = np.linalg.solve(normal, apart.T @ (wanted - wanted.mean())) * scale
    return Head(kernel, phase, weights, float(wanted.mean() - centre / scale @ weights))


def start_encoder(data: Path) -> Any:
    """Presto's encoder with its published weights as halves store them, in evaluation."""
    module = network.encoder().eval()
    network.load_published(module, data / START)
    with framework().no_grad():
        for value in module.parameters():
            value.copy_(value.half().float())
    return module


def features(encoder: Any, examples: Examples) -> Reals:
    """Features [N, 128]; the same network that is packed, without its head."""
    return _answers(encoder, examples)


def predict(module: Any, examples: Examples) -> Reals:
    """Moisture [N] in percent by the whole network."""
    return _answers(module, examples)[:, 0]


def _answers(module: Any, examples: Examples) -> Reals:
    torch = framework()
    parts = []
    with torch.no_grad():
        for start in range(0, len(examples), BATCH):
            taken = (examples.inputs[name][start : start + BATCH] for name in INPUTS)
            parts.append(module(*(torch.from_numpy(values) for values in taken)).numpy())
    return np.concatenate(parts)


def assembled(encoder: Any, head: Head) -> Any:
    """The network that is packed, from its two parts; its weights are rounded to halves."""
    torch = framework()
    module = network.build(len(head.weights)).eval()
    module.encoder.load_state_dict(encoder.state_dict())
    with torch.no_grad():
        for own, values in (
            (module.waves.weight, head.kernel),
            (module.waves.bias, np.mod(head.phase + np.pi, 2 * np.pi) - np.pi),
            (module.moisture.weight, head.weights[None]),
            (module.moisture.bias, np.array([head.bias])),
        ):
            own.copy_(torch.from_numpy(np.asarray(values, np.float32)).half().float())
    return module


def rmse(truth: NDArray[Any], found: NDArray[Any]) -> float:
    """Root mean squared error, in percent of the dry weight."""
    return float(np.sqrt(np.mean((found.astype(np.float64) - truth) ** 2)))
