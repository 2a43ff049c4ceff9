"""What a recipe's tables may say together, and how a teacher is found in them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from fieldpack.passes import AnyPass, Distil, PruneWeights, teaching_of, trains, with_teacher

TRAINING = {"epochs": 4, "batch": 8, "learning_rate": 0.001}
TEACHING = {"teacher": "big/pack.toml", "temperature": 2.0, "label_weight": 0.1}
ZEROS = {"method": "prune_weights", "layers": ".*", "pattern": "unstructured", "share": 0.5}
AWARE = {"method": "quantisation_aware", "layers": ".*", "training": TRAINING}
FEATURES = {"layers": "_add$", "weight": 1.0}
CHANNELS = {"method": "prune_channels", "layers": ".*", "share": 0.5}


def step(**words: Any) -> AnyPass:
    found: AnyPass = TypeAdapter(AnyPass).validate_python(words)
    return found


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({**ZEROS, "teaching": TEACHING}, "teaching goes with training"),
        ({**CHANNELS, "teaching": TEACHING}, "teaching goes with training"),
        ({**ZEROS, "rise": 2.0}, "rise goes with share and training"),
        (
            {**ZEROS, "share": None, "pattern": "2:4", "rise": 2.0, "training": TRAINING},
            "rise goes with share",
        ),
        ({**ZEROS, "rise": 4.0, "training": TRAINING}, "rise must be shorter"),
        ({**ZEROS, "share": None}, "share goes with pattern"),
        (
            {**CHANNELS, "training": TRAINING, "teaching": {**TEACHING, "features": FEATURES}},
            'features need teacher = "source"',
        ),
        ({**AWARE, "teaching": {**TEACHING, "teacher": "source", "features": FEATURES}}, "not by features"),
    ],
)
def test_tables_that_contradict_themselves_are_refused(words: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        step(**words)


@pytest.mark.parametrize(
    "words",
    [
        {**ZEROS, "training": TRAINING, "teaching": TEACHING, "rise": 3.0},
        {**CHANNELS, "training": TRAINING, "teaching": TEACHING},
        {"method": "quantisation_aware", "layers": ".*", "training": TRAINING, "teaching": TEACHING},
        {"method": "distil", "layers": ".*", "training": TRAINING, **TEACHING},
    ],
)
def test_every_pass_that_trains_can_have_a_teacher(words: dict[str, Any]) -> None:
    found = step(**words)
    teaching = teaching_of(found)
    assert teaching is not None
    assert teaching.teacher == "big/pack.toml"
    moved = with_teacher(found, "/abs/pack.toml")
    other = teaching_of(moved)
    assert other is not None
    assert (other.teacher, other.temperature) == ("/abs/pack.toml", 2.0)
    assert type(moved) is type(found)
    assert trains(moved)


def test_a_pass_without_a_teacher_stays_as_it_is() -> None:
    plain = step(**ZEROS)
    assert isinstance(plain, PruneWeights)
    assert teaching_of(plain) is None
    assert with_teacher(plain, "/abs/pack.toml") == plain
    assert not trains(plain)
    assert not isinstance(plain, Distil)
