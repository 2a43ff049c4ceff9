"""Interleaving, ratios and the memory of processes, on things whose answer is known."""

from __future__ import annotations

import os
import sys

import pytest

from fieldpack.errors import WorkerError
from fieldpack_benchmarks.processes import peak_bytes, run_process
from fieldpack_benchmarks.study import Timing
from fieldpack_benchmarks.timing import interleaved, ratio, spread, stability


def timing(*values: float) -> Timing:
    return Timing("it", "ms", (), values)


def test_actions_take_turns_and_warm_ups_stand_apart() -> None:
    order: list[str] = []
    actions = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    found = interleaved(actions, rounds=3, warm_ups=1)
    assert order == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert {name: (len(item.warm_ups), len(item.values)) for name, item in found.items()} == {
        "a": (1, 3),
        "b": (1, 3),
    }


def test_a_ratio_is_that_of_the_medians_and_outliers_do_not_move_it() -> None:
    first = timing(*[2.2, 2.2, 2.2, 900.0, 2.2] * 8)
    second = timing(*[2.0] * 40)
    found = ratio(first, second)
    assert found.estimate == pytest.approx(1.1)
    assert found.low <= found.estimate <= found.high < 1.2


def test_an_unstable_timing_is_said_aloud() -> None:
    steady, wild = timing(*[10.0] * 9), timing(*range(1, 10))
    assert spread(steady) == 0
    assert stability(steady) == ""
    assert "unstable" in stability(steady, wild)


def test_a_process_is_timed_and_a_failing_one_is_an_error() -> None:
    ended = run_process((sys.executable, "-c", "import time; time.sleep(0.2)"), watch_memory=True)
    assert ended.seconds >= 0.2
    if sys.platform == "linux":
        assert ended.peak_bytes is not None
        assert 2**20 < ended.peak_bytes < 2**30
    assert run_process((sys.executable, "-c", "raise SystemExit(3)"), (0, 3)).exit_code == 3
    with pytest.raises(WorkerError, match="failed"):
        run_process((sys.executable, "-c", "raise SystemExit(3)"))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which is Linux's")
def test_the_peak_of_a_process_rises_with_what_it_holds() -> None:
    before = peak_bytes(os.getpid())
    block = bytearray(64 * 2**20)
    block[::4096] = b"\x01" * len(block[::4096])
    after = peak_bytes(os.getpid())
    assert before is not None
    assert after is not None
    assert after >= before
    assert after >= 64 * 2**20
    assert peak_bytes(2**22 + 1) is None
