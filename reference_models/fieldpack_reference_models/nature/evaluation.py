"""The command that measures stored weights on one split, and writes the card after the look at test."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

from fieldpack_reference_models.card import Trial, figures
from fieldpack_reference_models.learning.loop import Learner
from fieldpack_reference_models.learning.program import Trainable
from fieldpack_reference_models.nature.model_card import facts, write_card
from fieldpack_reference_models.nature.photo_task import PHOTOS, picture_input, predictions
from fieldpack_reference_models.nature.photos import read_split

LOG = logging.getLogger("fieldpack.evaluate")


def evaluate_command(model: Trainable, arguments: Sequence[str] | None = None) -> int:
    """Measure stored weights; ``--card`` writes ``card.json`` and ``card.md`` beside them."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {model.module}.evaluate",
        description="Accuracy of stored weights. Choose on val; test is for the card, once.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with vision/")
    parser.add_argument("--model", type=Path, required=True, help="file with the weights")
    parser.add_argument("--split", choices=("train", "val", "test"), required=True)
    parser.add_argument("--card", action="store_true", help="write the card; needs --split test")
    options = parser.parse_args(arguments)
    if options.card and options.split != "test":
        parser.error("--card states the figures of the test split: add --split test")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    learner = model.load(options.model, model.contract, len(model.labels), model.recipe)
    trial = _trial(model, learner, options.data, options.split)
    found = figures(trial, model.labels, "", options.split)
    low, high = found["interval_95"]
    LOG.info(
        "%s: %d of %d right, accuracy %.4f, 95 %% interval %.4f to %.4f",
        options.split, found["correct"], found["pictures"], found["accuracy"], low, high,
    )  # fmt: skip
    if options.card:
        watched = _trial(model, learner, options.data, "val")
        write_card(facts(model, trial, options.model, learner.parameters, watched), options.model.parent)
        LOG.info("card in %s", options.model.parent)
    return 0


def _trial(model: Trainable, learner: Learner, data: Path, split: str) -> Trial:
    photos = read_split(data / PHOTOS, split, model.labels)
    return Trial(photos.labels, predictions(learner, photos, picture_input(model)), [])
