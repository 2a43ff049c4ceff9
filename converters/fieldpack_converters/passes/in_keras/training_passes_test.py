"""Every pass that trains, on Keras models of both libraries, each in a process of its own."""

from __future__ import annotations

from typing import Any

import pytest

from fieldpack import worker

pytestmark = pytest.mark.full


@pytest.fixture(scope="module", params=["keras", "keras_legacy"])
def facts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp(request.param)
    return worker.run(
        "fieldpack_converters.passes.in_keras.testing:facts", {"kind": request.param, "folder": str(folder)}
    )


def test_fine_tuning_learns_the_task(facts: dict[str, Any]) -> None:
    assert facts["before"] < 0.6
    assert facts["learned"] > 0.9
    assert facts["losses"][-1] < 0.5 * facts["losses"][0]


def test_the_seed_decides_the_weights(facts: dict[str, Any]) -> None:
    assert facts["same_seed"]
    assert not facts["other_seed"]


def test_layers_that_are_not_named_stay(facts: dict[str, Any]) -> None:
    assert facts["changed"] == ["head"]
    assert facts["trainable_again"]


def test_taking_out_silent_channels_changes_no_answer(facts: dict[str, Any]) -> None:
    assert facts["exact"] < 1e-5
    assert facts["filters"] == {"stem": 8, "one": 8, "squeeze": 8, "side": 8}
    assert facts["matched"] == ["depthwise", "hidden", "one", "side", "squeeze", "stem"]
    assert facts["shrunk"] < 0.4
    assert facts["outputs"] == 4


def test_channels_that_bring_nothing_go_first(facts: dict[str, Any]) -> None:
    assert facts["ranked"]["exact"] < 1e-5
    assert facts["ranked"]["shrunk"] < 0.7


def test_inner_outputs_teach(facts: dict[str, Any]) -> None:
    without, taught = facts["features"]
    assert taught < 0.5 * without
    assert "match no layer" in facts["refused_features"]


@pytest.mark.parametrize("steps", [1, 2])
def test_a_pruned_network_still_knows_the_task_and_is_saved(steps: int, facts: dict[str, Any]) -> None:
    right, left = facts[f"pruned_{steps}"]
    assert right > 0.9
    assert left < 0.4
    assert facts[f"saved_{steps}"] == 0


def test_only_named_layers_lose_channels(facts: dict[str, Any]) -> None:
    assert facts["only_side"] == [8, 16]


def test_zeros_stay_through_training(facts: dict[str, Any]) -> None:
    any_place, two_of_four = facts["unstructured"], facts["2:4"]
    assert any_place["zeros"] == pytest.approx(0.75, abs=1e-3)
    assert any_place["bytes"] < 0.5
    assert two_of_four["zeros"] == pytest.approx(0.5, abs=1e-3)
    assert two_of_four["most_of_four"] == 2
    assert min(any_place["accuracy"], two_of_four["accuracy"]) > 0.85


def test_later_passes_keep_placed_zeros(facts: dict[str, Any]) -> None:
    assert facts["later"] == {
        "fine_tune": [0, True], "distil": [0, True], "quantisation_aware": [0, True], "round": [0, True],
    }  # fmt: skip


def test_zeros_rise_while_a_teacher_trains(facts: dict[str, Any]) -> None:
    assert facts["rise"]["zeros"] == pytest.approx(0.5, abs=1e-3)
    assert max(facts["rise"]["accuracies"]) < 0.7  # the teacher's classes are turned by one


def test_a_student_learns_from_its_teacher_without_labels(facts: dict[str, Any]) -> None:
    assert facts["agrees"] > 0.85


def test_the_int8_file_has_the_integers_of_the_training(facts: dict[str, Any]) -> None:
    aware = facts["aware"]
    assert sorted(aware["integers"]) == ["depthwise", "head", "hidden", "one", "side", "squeeze", "stem"]
    assert aware["in_file"] == aware["integers"]
    assert aware["kept_zeros"]
    assert aware["same_layers"]
    assert aware["losses"][-1] < 0.5 * aware["losses"][0]
    assert aware["accuracy"] > 0.95


def test_the_int8_file_answers_as_the_training_did(facts: dict[str, Any]) -> None:
    aware = facts["aware"]
    assert aware["ranges_used"] == 11
    assert aware["ranges_found"] == 12
    assert aware["ranges_agree"]
    assert aware["largest_difference"] < 0.01
    assert aware["difference"] < 0.6 * aware["float_difference"]


def test_a_range_follows_the_batches_until_it_is_fixed(facts: dict[str, Any]) -> None:
    low, high, *clipped = facts["range"]
    assert [low, high] == pytest.approx([-1.1, 1.05])  # 0.95 of the first batch, 0.05 of the second
    step = (high - low) / 255
    assert clipped == pytest.approx([low, 0, high], abs=step)
    assert clipped[1] == 0


def test_a_norm_is_folded_with_its_epsilon(facts: dict[str, Any]) -> None:
    assert facts["folded"] < 0.02


def test_training_takes_back_what_rounding_costs(facts: dict[str, Any]) -> None:
    exact, rounded, trained = facts["outliers"]
    assert exact > 0.95
    assert rounded < 0.85
    assert trained > 0.95


def test_what_does_not_fit_is_refused_by_name(facts: dict[str, Any]) -> None:
    assert "other classes" in facts["refused_teacher"]
    for name in ("nothing", "tune"):
        assert "tail" in facts[f"refused_{name}"]
    assert "head" in facts["refused_head"]
    assert "norm" in facts["refused_aware"]
    assert "stem" in facts["refused_aware"]
