"""Train the embedded range model: ``python -m fieldpack_reference_models.planet.train --out DIR``.

From observations alone: nobody says where a kind is absent. The loss takes for absent every other kind at an
observation, and every kind at places drawn evenly over the planet, and weighs what was seen more (Cole et al.
2023, arXiv:2306.02564, "full assume negative"). The validation split serves for choices; the test grid is
looked at once.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract import LocationInput
from fieldpack.preprocess.location import encode_places
from fieldpack.spec import load_spec
from fieldpack.taxonomy import Form, write_taxonomy
from fieldpack_reference_models import world_training
from fieldpack_reference_models.planet import card, maps, network, tree, world
from fieldpack_reference_models.planet.world import CLASSES, Places

SEED = 20_262
LOG = logging.getLogger("fieldpack.train")
SPEC = Path(__file__).with_name("pack.toml")
VERSIONS = ("tensorflow", "keras", "numpy")
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """What decides the weights, besides the planet and the network."""

    train_observations: int = 24_000
    validation_places: int = 6_000
    calibration_observations: int = 2_400
    test_places: int = 20_000
    epochs: int = 24
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 1e-5
    weight_of_seen: float = 12.0


def contract_input() -> LocationInput:
    """The input of ``pack.toml``: what encodes places in training encodes them on the phone."""
    found = load_spec(SPEC).contract.inputs[0]
    if not isinstance(found, LocationInput):
        raise TypeError(f"the planet's pack.toml has a {found.kind} input")
    return found


def vectors(places: Places) -> Vectors:
    """Places as the network takes them, float32 [N, 5]."""
    return encode_places(places.latitudes, places.longitudes, places.elevations, contract_input())


def train(recipe: TrainingRecipe) -> Any:
    """Train and return the ``keras.Model``; the same recipe and versions give the same weights."""
    world_training.begin(SEED)
    import keras

    seen = world.observations("train", recipe.train_observations)
    watched = world.grid("validation", recipe.validation_places)
    limits_at = world.observations("validation", recipe.calibration_observations)
    model = network.build(len(CLASSES))
    steps = recipe.epochs * (recipe.train_observations // recipe.batch)
    pace = keras.optimizers.schedules.CosineDecay(
        1e-4, steps * 19 // 20, warmup_target=recipe.learning_rate, warmup_steps=steps // 20
    )
    model.compile(keras.optimizers.AdamW(pace, weight_decay=recipe.weight_decay), _loss(recipe))
    dice = np.random.default_rng(SEED)
    inputs = vectors(seen)
    for epoch in range(recipe.epochs):
        loss = _epoch(model, inputs, seen.labels, recipe.batch, dice)
        limits = maps.thresholds(predict(model, limits_at), limits_at.labels)
        found = maps.figures(predict(model, watched), watched.presence, limits)
        line = "epoch %d: loss %.4f, validation average precision %.4f, F1 %.4f"
        LOG.info(line, epoch + 1, loss, found["mean_average_precision"], found["mean_f1"])
    return model


def _loss(recipe: TrainingRecipe) -> Any:
    """Binary cross-entropy, what was seen weighted; summed over kinds, averaged over places."""

    def loss(seen: Any, scores: Any) -> Any:
        import keras

        entropy = keras.ops.binary_crossentropy(seen, scores)
        weights = 1.0 + (recipe.weight_of_seen - 1.0) * seen
        return keras.ops.mean(keras.ops.sum(weights * entropy, axis=-1))

    return loss


def _epoch(
    model: Any, inputs: Vectors, labels: NDArray[np.int64], batch: int, dice: np.random.Generator
) -> float:
    """One pass in a fresh order, beside each batch as many places from anywhere; returns the mean loss."""
    order = dice.permutation(len(labels))
    elsewhere = vectors(world.anywhere(dice, len(labels)))
    one_hot = np.eye(len(CLASSES), dtype=np.float32)
    losses = []
    for start in range(0, len(order) - batch + 1, batch):
        rows = order[start : start + batch]
        given = np.concatenate([inputs[rows], elsewhere[start : start + batch]])
        wanted = np.concatenate([one_hot[labels[rows]], np.zeros((batch, len(CLASSES)), np.float32)])
        losses.append(float(model.train_on_batch(given, wanted)))
        model.reset_metrics()
    return float(np.mean(losses))


def predict(model: Any, places: Places) -> NDArray[np.float32]:
    """Scores float32 [N, 12]."""
    return np.asarray(model.predict(vectors(places), batch_size=4096, verbose=0), np.float32)


def tried(model: Any, recipe: TrainingRecipe) -> dict[str, Any]:
    """The figures on the test grid, at thresholds from calibration observations."""
    seen = world.observations("calibration", recipe.calibration_observations)
    limits = maps.thresholds(predict(model, seen), seen.labels)
    test = world.grid("test", recipe.test_places)
    return maps.figures(predict(model, test), test.presence, limits)


def measured(file: str) -> dict[str, Any]:
    """Worker target: the figures of stored weights, and their number of parameters."""
    import keras

    model = keras.models.load_model(file, compile=False)
    return {"test": tried(model, RECIPE), "parameters": int(model.count_params())}


def main(arguments: list[str] | None = None) -> int:
    """Train, store weights, labels and taxonomy, look at the test grid once, write the card."""
    parser = argparse.ArgumentParser(prog="python -m fieldpack_reference_models.planet.train")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model, taxonomy and card")
    out: Path = parser.parse_args(arguments).out
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    out.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    model = train(RECIPE)
    spent = time.monotonic() - begun
    world_training.save(model, network.build(len(CLASSES)), out / "model.keras")
    (out / "labels.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    test = tried(model, RECIPE)
    limits = {kind: row["threshold"] for kind, row in test["kinds"].items()}
    (out / "taxonomy.csv").write_bytes(write_taxonomy(tree.taxonomy(limits), Form.INATURALIST_CSV))
    versions = {name: importlib.metadata.version(name) for name in VERSIONS}
    training = {**asdict(RECIPE), "seed": SEED, "wall_s": round(spent), "versions": versions}
    card.write(card.facts(test, model.count_params(), training, out), out)
    LOG.info("test average precision %.4f; card in %s", test["mean_average_precision"], out)
    return 0


RECIPE = TrainingRecipe()

if __name__ == "__main__":
    raise SystemExit(main())
