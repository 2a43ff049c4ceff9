"""The card of the sound model: the record of its training, its cross-validation, and its validation fold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack_reference_models.card import SCHEMA, Trial, Words, figures, weights, write
from fieldpack_reference_models.learning.program import Trainable, record_path
from fieldpack_reference_models.sound_torch.front_end import patch_input

LICENCE = "Apache-2.0"
UNIT = "recordings"
JUDGED = "cross_validation.json"
DATA = (
    "Folds 1 to 4 of ESC-10 (Piczak, ACM Multimedia 2015, doi:10.1145/2733373.2806390): 317 recordings of "
    "5 s, each under a Creative Commons licence of its own (CC0 or CC BY); fold 5 was never there. Birds: "
    "one recording of 19 s with labelled calls and four of 3 s (folds 1, 2, 3 and twice 4), published by "
    "scikit-maad (BSD-3-Clause) and BioDCASE-Tiny 2026 (Apache-2.0). Eleven soundscapes of scikit-maad and "
    "one background recording of BioDCASE are mixed below sounds in training, without labels. No source "
    "recording is on both sides; of the four BioDCASE calls only different species are known. No recording "
    "is shipped here. The 80 clips of fold 4 are cut from 59 source recordings; intervals below take the "
    "clips as independent, so they are a little too narrow."
)
LIMITS = (
    "Learned from folds 1 to 3. Where to cut YAMNet's body was chosen by cross-validation of heads on its "
    "features over these folds; the recipe was set beforehand and not tuned, and fold 4 chose nothing. "
    "**The class bird cannot be judged**: it was learned from three recordings and heard in two, so its "
    "recall below is an anecdote. A rooster is a class of its own and no bird here. Every sound is named as "
    "one of eleven: a sound of another kind gets a name too, and the shares are no probabilities there. A "
    "window below -60 dB of full scale was taught to mean nothing, so silence gives no class. Clips of "
    "ESC-10 hold one sound each and are often cut out and filled with silence: an accuracy here is none in "
    "the field."
)


def facts(model: Trainable, trial: Trial, file: Path, parameters: int) -> dict[str, Any]:
    """Gather the card of the weights in `file` from the validation fold and the records beside the file.

    ``training.json`` is there always, ``cross_validation.json`` where the recipe was judged.
    """
    record = json.loads(record_path(file).read_text(encoding="utf-8"))
    judged = file.with_name(JUDGED)
    beside = {"cross_validation": json.loads(judged.read_text(encoding="utf-8"))} if judged.is_file() else {}
    command = f"python -m {model.module}.evaluate --data FOLDER --model FILE --split validation"
    counts = np.bincount(trial.labels, minlength=len(model.labels)).tolist()
    windows = patch_input().front_end.windows
    return {
        "schema": SCHEMA,
        "name": model.module.rpartition(".")[2],
        "licence": LICENCE,
        "data": DATA,
        "limits": LIMITS,
        "classes": list(model.labels),
        "input": f"float32 [N, {windows.samples}], the waveform at 16 kHz in -1..1; inside, ln(mel + 0.001) "
        "of 96 frames of 25 ms every 10 ms in 64 bands of 125 to 7500 Hz, as in YAMNet",
        "output": f"float32 [N, {len(model.labels)}], {model.output}, order of labels.txt; a recording's are "
        "the mean of its windows'. And float32 [N, 1024], the embedding that they are computed from",
        "model": weights(file, parameters)
        | {"stored": f"float16; opening the file gives float32. {model.architecture}"},
        "training": record,
        **beside,
        "validation": figures(trial, model.labels, command, "validation", UNIT)
        | {"of": dict(zip(model.labels, counts, strict=True))},
    }


def write_card(card: dict[str, Any], folder: Path) -> None:
    """Write ``card.json`` and ``card.md`` into a folder."""
    write(card, Words(_training(card), "validation fold", "validation", UNIT), folder)


def _training(card: dict[str, Any]) -> str:
    record = card["training"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    spent = (
        f"`{record['command']}`: {record['wall_s']} s by the clock, {record['cpu_s']} s of processor time, "
        f"on {record['processors']} shared processors. {versions}."
    )
    stored = f"Weights are stored as {card['model']['stored']}"
    judged = [_judged(card["cross_validation"])] if "cross_validation" in card else []
    return "\n\n".join((stored, _start(record), _recipe(record), spent, *judged))


def _start(record: dict[str, Any]) -> str:
    start = record["start_weights"]
    return (
        f"Start weights: `{start['file']}` (SHA-256 `{start['sha256']}`), YAMNet, published by Google under "
        "Apache-2.0, trained on AudioSet. Its integers were turned into real numbers; batch normalisation is "
        "folded in. The front-end and the last block are left out, and the head is new."
    )


def _recipe(record: dict[str, Any]) -> str:
    recipe = record["recipe"]
    return (
        f"{record['train_recordings']} recordings, seed {recipe['seed']}. Head first: softmax regression on "
        f"the features of plain windows, decay {recipe['head_decay']}. Then all layers: {recipe['epochs']} "
        f"epochs of {recipe['windows']} windows, of each class as many, batch {recipe['batch']}, AdamW, one "
        f"epoch up to a rate of {recipe['peak_rate']}, cosine down to 0, weight decay "
        f"{recipe['weight_decay']}, label smoothing {recipe['smoothing']}, moving average of the weights "
        f"{recipe['average']}. A window is cut anywhere from a recording; {recipe['mixed']} of them are "
        f"heard together with one of another recording at a random level (arXiv:1711.10282), "
        f"{recipe['in_background']} are placed in a soundscape 0 to 30 dB softer, all are amplified by -20 "
        f"to 6 dB, and {recipe['masked']} of the patches lose a stretch of time and one of frequency "
        "(arXiv:1904.08779)."
    )


def _judged(found: dict[str, Any]) -> str:
    low, high = found["interval_95"]
    return (
        f"Cross-validation of the whole recipe over folds 1 to 3 (`{found['command']}`): "
        f"{found['accuracy']:.4f} ({found['correct']} of {found['recordings']}; 95 % interval {low:.4f} to "
        f"{high:.4f})."
    )
