"""Every planted change is named, with its step; and a difference that overlooks something is found out."""

from __future__ import annotations

import pytest

from fieldpack.difference import bundles
from fieldpack_benchmarks.delivery import planted_changes
from fieldpack_benchmarks.delivery.planted_changes import COLUMNS, LEAST_KINDS, PLANTED, bars, plant, rows
from fieldpack_benchmarks.study import Study


def test_every_planted_change_is_named_and_gives_its_step() -> None:
    tellings = plant()
    assert len({item.name for item in PLANTED}) == len(PLANTED) >= LEAST_KINDS
    wrong = [(item.change.name, item.named, item.step, item.claimed) for item in tellings if not item.right]
    assert not wrong
    assert Study("delivery", COLUMNS, tuple(rows(tellings)), bars(tellings), quick=True).holds


@pytest.mark.parametrize(
    ("overlooked", "change"),
    [
        ("threshold_changes", "thresholds of another model"),
        ("answer_changes", "weights nudged"),
        ("flavour_changes", "a flavour gone"),
    ],
)
def test_a_difference_with_a_hole_is_found_out(
    overlooked: str, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, overlooked, lambda *given: iter(()))
    monkeypatch.setattr(planted_changes, "PLANTED", [item for item in PLANTED if item.name == change])
    (bar,) = bars(plant())[1:]
    assert not bar.holds
    assert bar.note == change
