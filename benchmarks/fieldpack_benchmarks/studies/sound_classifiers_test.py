"""What the study of sound classifiers builds, and what it demands; the parts of the whole of sound."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from fieldpack.recipe import Method
from fieldpack.spec import Spec, TfliteFlavour, load_spec
from fieldpack_benchmarks.cases import INT8
from fieldpack_benchmarks.changed_spec import write_spec
from fieldpack_benchmarks.studies import sound
from fieldpack_benchmarks.studies.compression_int8 import reference_cases
from fieldpack_benchmarks.studies.sound_classifiers import REFERENCE, WHOLE, _agrees, _with_whole

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    (case,) = reference_cases(tmp_path, (REFERENCE,), "output")
    return load_spec(case.spec)


def test_whole_graph_forms_stand_beside_the_flavours_and_hold_nothing_back(
    spec: Spec, tmp_path: Path
) -> None:
    changed = _with_whole(spec)
    write_spec(changed, tmp_path / "whole.toml")
    flavours = load_spec(tmp_path / "whole.toml").flavours
    assert all(isinstance(item, TfliteFlavour) for item in flavours)
    assert [item.name for item in flavours][-3:] == [INT8, "whole0", "whole1"]
    assert len(flavours) == len(WHOLE) + sum(isinstance(item, TfliteFlavour) for item in spec.flavours)
    for item, method in zip(flavours[-2:], (Method.STATIC_INT8, Method.DYNAMIC_INT8), strict=True):
        assert isinstance(item, TfliteFlavour)
        assert (item.method, item.rules, item.bias_correction) == (method, (), False)
    ours = next(item for item in flavours if item.name == INT8)
    assert isinstance(ours, TfliteFlavour)
    assert any("front_end" in rule.layers for rule in ours.rules)


@pytest.mark.parametrize(("agreement", "holds"), [(0.99, True), (0.98, False), (None, False)])
def test_one_clip_in_a_hundred_may_differ(agreement: float | None, holds: bool) -> None:
    bar = _agrees({"model": "owl", "flavour": INT8, "agreement": agreement, "n": 100})
    assert bar.holds is holds


def test_the_parts_of_sound_are_entry_points() -> None:
    points = tomllib.loads(PROJECT.read_text())["project"]["entry-points"]["fieldpack.studies"]
    assert {name: points[name] for name in sound.PARTS} == sound.PARTS
