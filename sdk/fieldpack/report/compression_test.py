from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.errors import BundleError
from fieldpack.report.conftest import evidence_of, write_bundle
from fieldpack.report.page import render

RECIPE = [
    {"method": "prune_channels", "matched": ["stem", "<b>one"], "parameters_before": 1000, "parameters": 600}
]
SEARCH: dict[str, Any] = {
    "best": 1,
    "front": [0, 1],
    "trials": [
        {
            "number": 0,
            "stage": "float16",
            "installed_bytes": 5000,
            "reason": "installed_bytes 5000, wanted <= 4000",
        },
        {"number": 1, "stage": "static", "installed_bytes": 3000, "reason": ""},
        {"number": 2, "stage": "pruned", "installed_bytes": None, "reason": "refused: matches no layer"},
    ],
}


def page(folder: Path, **extra: Any) -> str:
    with open_bundle(write_bundle(folder / "b", {**evidence_of(4), **extra}, 4)) as bundle:
        return render(bundle, [])


def test_a_plain_bundle_says_nothing_of_compression(tmp_path: Path) -> None:
    assert 'id="compression"' not in page(tmp_path)


def test_passes_trials_and_warnings_are_shown(tmp_path: Path) -> None:
    text = page(tmp_path, recipe=RECIPE, search=SEARCH, warnings=["channel 1 is narrow"])
    assert 'href="#compression"' in text
    for shown in ("prune_channels", "1,000 to 600", "2 layers", "channel 1 is narrow", "keeps the budget"):
        assert shown in text
    assert "1 static (taken)" in text
    assert "0 float16 (on the front)" in text
    assert "refused: matches no layer" in text
    assert "<b>one" not in text


def test_whether_the_choice_was_confirmed_is_told(tmp_path: Path) -> None:
    assert "confirm it on examples that no trial saw" in page(tmp_path, search=SEARCH)
    (tmp_path / "c").mkdir()
    text = page(tmp_path / "c", search={**SEARCH, "confirmed": {"items": 1200, "outcome": "pass"}})
    assert "on 1,200 examples that no trial saw: pass." in text
    assert "confirm it" not in text


def test_estimated_latencies_are_called_estimated_and_come_with_their_error(tmp_path: Path) -> None:
    figures = ({"value": 4.219}, {"value": None})
    trials = [
        {**trial, "estimated": {"figure": figure}}
        for trial, figure in zip(SEARCH["trials"], figures, strict=False)
    ]
    estimates = {"target": "adb:<b>R58", "error": "off by a factor of 1.50 at worst"}
    text = page(tmp_path, search={**SEARCH, "trials": trials, "estimates": estimates})
    for shown in ("Latency, estimated", "4.22 ms", "decide no verdict:", "a factor of 1.50 at worst."):
        assert shown in text
    assert "<b>R58" not in text
    assert "Latency, estimated" not in page(tmp_path / "without", search=SEARCH)


def test_many_trials_stay_within_the_page(tmp_path: Path) -> None:
    trials = [{"number": n, "stage": "s", "installed_bytes": n, "reason": "x" * 5000} for n in range(500)]
    assert len(page(tmp_path, search={**SEARCH, "trials": trials}).encode()) < 1_000_000


def test_a_malformed_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        page(tmp_path, recipe=[{"method": 3}])
