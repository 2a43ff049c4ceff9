"""The figures of a card, from trials small enough to count by hand."""

from typing import Any

import numpy as np
import pytest

from fieldpack_reference_models.card import Trial, Words, figures, interval, page

CLASSES = ("ant", "bass", "crab")


def _figures(slices: list[dict[str, str]]) -> dict[str, Any]:
    labels, guesses = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 2, 1, 1, 0, 2])
    return figures(Trial(labels, guesses, slices), CLASSES, "do it", "val")


def test_the_wilson_interval_matches_a_published_example() -> None:
    # 81 of 263, from Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    assert interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_recall_and_mistakes_go_by_the_names_given() -> None:
    found = _figures([])
    assert found["recall"] == {"ant": 0.5, "bass": 1.0, "crab": 0.5}
    assert (found["split"], found["command"], found["accuracy"]) == ("val", "do it", 0.6667)
    assert found["confusions"] == [
        {"true": "ant", "guess": "crab", "pictures": 1},
        {"true": "crab", "guess": "ant", "pictures": 1},
    ]


@pytest.mark.parametrize("slices", [[], [{"light": "sun"}] * 6])
def test_the_page_has_a_table_of_slices_only_where_there_are_any(slices: list[dict[str, str]]) -> None:
    card = {"name": "n", "licence": "l", "input": "i", "output": "o", "data": "d", "limits": "m"}
    model = {"file": "f", "sha256": "s", "size_bytes": 1, "parameters": 2}
    text = page(card | {"model": model, "test": _figures(slices)}, Words("trained", "photos kept apart"))
    assert ("| light | sun | 6 | 0.6667 |" in text) is bool(slices)
    assert "(4 of 6 pictures of the\nphotos kept apart; 95 % interval" in text
