"""Networks whose times follow a law, or none; one that is really run."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from fieldpack.latency_table.operator_work import Work, work_of
from fieldpack.tflite.file import parse_model
from fieldpack.tflite.runner import TfliteRunner
from fieldpack_benchmarks.networks.layered import FAMILIES, networks
from fieldpack_benchmarks.predictor.fit import Timed
from fieldpack_benchmarks.studies.estimates import (
    OWN,
    PUBLISHED,
    ROUNDS,
    Told,
    in_order,
    study_of,
    timed,
    told,
)


def lawful(name: str, works: tuple[Work, ...], factor: float = 1.0) -> Timed:
    """A time that a table can say exactly."""
    took = factor * (
        0.01 + sum(0.5 * item.multiply_accumulates + 0.1 * item.bytes_moved for item in works) / 1e6
    )
    return Timed(name, hashlib.sha256(name.encode()).hexdigest(), works, took)


@pytest.fixture(scope="module")
def small() -> list[Timed]:
    return [lawful(item.name, work_of(parse_model(item.content))) for item in networks(2)]


def test_times_of_a_law_are_told_for_networks_that_were_left_out(small: list[Timed]) -> None:
    made = study_of(told([(OWN, item) for item in small]), quick=True)
    assert made.holds
    assert [row["factor"] for row in made.rows] == pytest.approx([1.0] * len(small), abs=0.1)
    assert [bar.name for bar in made.bars if bar.name.startswith(PUBLISHED)] == []


def test_times_that_follow_no_law_miss_the_bars(small: list[Timed]) -> None:
    dice = np.random.default_rng(3)
    odd = [lawful(item.name, item.works, float(10 ** dice.uniform(-2, 2))) for item in small]
    made = study_of(told([(OWN, item) for item in odd]), quick=True)
    assert not any(bar.holds for bar in made.bars)


def test_what_no_other_network_has_is_named_and_not_told(small: list[Timed]) -> None:
    lone = lawful("lone", (*small[0].works, Work("TANH", "float32", 0, 8)))
    loop = lawful("loop", (Work("WHILE", "float32", 0, 4, countable=False),))
    found = told([*((OWN, item) for item in small), (PUBLISHED, lone), (PUBLISHED, loop)])
    assert [(item.told_ms, item.lacks) for item in found[-2:]] == [
        (None, ("TANH float32",)), (None, ("WHILE float32",))
    ]  # fmt: skip
    assert all(item.told_ms is not None for item in found[:-2])
    bars = [bar for bar in study_of(found, quick=False).bars if bar.name.startswith(PUBLISHED)]
    assert bars
    assert not any(bar.holds for bar in bars)


def test_the_order_is_that_of_pairs_whose_times_are_apart() -> None:
    pairs = ((1.0, 2.0), (1.2, 1.0), (2.0, 1.5), (4.0, 9.0))
    found = [Told(OWN, Timed(str(a), "0" * 64, (), a), b) for a, b in pairs]
    assert in_order([*found, Told(OWN, Timed("x", "0" * 64, (), 100.0), None)]) == (4, 5)


def test_the_smallest_of_each_family_run_and_do_the_same_work_in_both_types(tmp_path: Path) -> None:
    made = list(networks(1))
    assert len(made) == 2 * len(FAMILIES)
    for real, whole in zip(made[::2], made[1::2], strict=True):
        assert real.family == whole.family
        amounts = []
        for item in (real, whole):
            runner = TfliteRunner(item.content)
            given, answer = runner.inputs[0], runner.outputs[0]
            drawn = np.random.default_rng(1).uniform(-1, 1, given.shape).astype(np.float32)
            values = runner.run_real({given.name: drawn})[answer.name]
            assert np.isfinite(values).all()
            assert np.ptp(values) > 0
            works = work_of(parse_model(item.content))
            amounts.append([(work.kind, work.multiply_accumulates) for work in works])
        assert amounts[0] == amounts[1]


def test_a_file_is_timed_in_rounds(tmp_path: Path) -> None:
    path = tmp_path / "network.tflite"
    path.write_bytes(next(iter(networks(1))).content)
    item, rounds = timed("network", path)
    assert (len(rounds), item.name) == (ROUNDS, "network")
    assert 0 < min(rounds) <= item.measured_ms <= max(rounds)
