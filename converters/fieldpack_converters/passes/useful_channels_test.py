"""Which channels go, on numbers that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fieldpack.passes import PruneChannels
from fieldpack_converters.passes.useful_channels import PruningRound, least_useful


def test_the_least_useful_for_their_cost_go() -> None:
    useful = {"a": np.array([4.0, 1.0, 3.0, 2.0]), "b": np.array([40.0, 10.0, 30.0, 20.0])}
    # By worth: a1 0.25, b1 0.5, a3 0.5, a2 0.75, ... at 4 parameters a channel of a and 20 of b.
    kept = least_useful(useful, {"a": 4.0, "b": 20.0}, parameters=28.0, most=1.0, round_to=1)
    assert {name: places.tolist() for name, places in kept.items()} == {"a": [0, 2], "b": [0, 2, 3]}


def test_no_group_loses_more_than_the_most() -> None:
    useful = {"a": np.zeros(16), "b": np.ones(16)}
    kept = least_useful(useful, {"a": 1.0, "b": 1.0}, parameters=16.0, most=0.25, round_to=4)
    assert {name: len(places) for name, places in kept.items()} == {"a": 12, "b": 16}


@pytest.mark.parametrize("size", [3, 8, 24])
def test_what_stays_is_a_multiple_or_all(size: int) -> None:
    useful = {"a": np.arange(size, dtype=float)}
    kept = least_useful(useful, {"a": 1.0}, float(size), most=1.0, round_to=8)["a"]
    assert len(kept) == min(size, 8)
    assert kept.tolist() == list(range(size - len(kept), size))


def test_rounds_end_on_their_part_of_the_share() -> None:
    step = PruneChannels(method="prune_channels", by="contribution", layers=".*", share=0.6, steps=3)
    first, last = PruningRound(step, 0, 1000), PruningRound(step, 2, 1000)
    assert first.parameters(1000) == pytest.approx(200)
    assert last.parameters(650) == pytest.approx(250)  # rounding left 50 more than the second round meant to
    assert last.parameters(390) == 0
    assert first.most(1000) == pytest.approx(0.4)
    assert last.share == pytest.approx(1 - 400 / 600)
