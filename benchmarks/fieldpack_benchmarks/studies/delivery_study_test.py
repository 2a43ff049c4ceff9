from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.errors import InputError
from fieldpack.exports.testing import kind_bundle
from fieldpack_benchmarks.delivery.grammar import faults_below
from fieldpack_benchmarks.delivery.pages import Page, computes_whole_numbers
from fieldpack_benchmarks.delivery.projects import LEAST_SOURCES, Project
from fieldpack_benchmarks.delivery.transfers import NOT_RUN, REGISTRY
from fieldpack_benchmarks.studies import delivery, delivery_exports, delivery_parts, target_bundles
from fieldpack_benchmarks.study import load_study
from fieldpack_benchmarks.targets.small_models import small_network

GOOD = Page("meadow", "tflite-int8", 12, 12, 0.0, True, 1.0)
FLOAT = replace(GOOD, flavour="tflite-float32", whole_numbers=False, largest_gap=1e-7)
PROJECTS = [Project(name, 6, 60, ()) for name in LEAST_SOURCES]


def missed(*shown: Page) -> list[str]:
    return [bar.name for bar in delivery_exports._page_bars(shown, 1) if not bar.holds]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (replace(GOOD, same_best=11), "best label"),
        (replace(GOOD, largest_gap=6e-8), "int8 throughout"),
        (replace(GOOD, seconds=3.1), "seconds"),
    ],
)
def test_a_page_that_is_off_misses_its_bar(changed: Page, words: str) -> None:
    assert missed(GOOD, FLOAT) == []
    (name,) = missed(changed, FLOAT)
    assert words in name


def test_a_page_too_few_and_a_gap_of_floats_miss_theirs() -> None:
    assert any("flavours" in name for name in missed(GOOD))
    assert [name for name in missed(GOOD, replace(FLOAT, largest_gap=2e-5)) if "floats" in name]


def test_a_fault_in_a_project_and_a_gap_in_typescript_miss_their_bars() -> None:
    faulty = [replace(PROJECTS[0], faults=("image: line 3: ERROR",)), *PROJECTS[1:]]
    assert [bar.holds for bar in delivery_exports._project_bars(PROJECTS)] == [True, True]
    assert [bar.holds for bar in delivery_exports._project_bars(faulty)] == [True, False]
    assert [bar.holds for bar in delivery_exports._project_bars(PROJECTS[1:])] == [False, True]
    assert [bar.holds for bar in delivery_exports._arithmetic_bars({"image": 2e-6})] == [False]


def test_floats_inside_a_file_are_seen(tmp_path: Path) -> None:
    whole = target_bundles.bundle_of(small_network(quantised=True), tmp_path / "whole")
    real = kind_bundle(tmp_path / "real", "location")
    for path, expected in ((whole, True), (real, False)):
        with open_bundle(path) as bundle:
            assert computes_whole_numbers(bundle, bundle.manifest.flavours[0]) is expected


def test_a_fault_of_grammar_is_counted_with_its_file(tmp_path: Path) -> None:
    pytest.importorskip("tree_sitter_swift", reason="no grammar of Swift: make venv")
    (tmp_path / "good.swift").write_text("let a = 1\n")
    (tmp_path / "bad.swift").write_text("func (\n")
    count, faults = faults_below(tmp_path)
    assert count == 2
    assert faults
    assert all(fault.startswith("bad.swift") for fault in faults)


def test_without_a_registry_transfers_are_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REGISTRY, raising=False)
    bundle = kind_bundle(tmp_path / "bundle", "location")
    monkeypatch.setattr(delivery_parts, "reference_bundles", lambda *_: [bundle])
    study = delivery_parts.transfer(True, lambda stage, done: None)
    assert {row["outcome"] for row in study.rows} == {NOT_RUN}
    assert not any(bar.holds for bar in study.bars)


def test_parts_are_named_as_they_are_run() -> None:
    for name, function in delivery.PARTS.items():
        assert function.startswith("fieldpack_benchmarks.studies.")
        assert name.startswith("delivery-")
    with pytest.raises(InputError):
        load_study(Path("nothing.json"))
