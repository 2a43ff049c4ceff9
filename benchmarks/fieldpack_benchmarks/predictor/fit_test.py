"""Fits to times that follow the law exactly, and tables from records whose times are made up."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from fieldpack.cli import bench
from fieldpack.errors import InputError, UnsupportedError
from fieldpack.latency_table.operator_work import Work, work_of
from fieldpack.latency_table.table import read_table
from fieldpack.model import validated
from fieldpack.records.record import SCHEMA, Record, Runner
from fieldpack.records.store import append
from fieldpack.tflite.file import parse_model
from fieldpack_benchmarks.bench.estimates import estimate_file, table
from fieldpack_benchmarks.predictor.fit import Timed, fit, fit_table
from fieldpack_benchmarks.targets.small_models import small_network

RUNNER = Runner(kind="c", runtime="LiteRT 2.3.0", processor="cortex-a76", threads=1)
WIDTHS = (4, 8, 12, 16, 20, 24, 28, 32, 40, 48)
MAC_MS = {"CONV_2D": 0.9, "DEPTHWISE_CONV_2D": 3.0, "FULLY_CONNECTED": 0.4}
RUN_MS, EACH_MS, MEGABYTE_MS = 0.05, 0.01, 0.2


def law(works: tuple[Work, ...], factor: float = 1.0) -> float:
    """A made-up time that the table can say exactly, ms."""
    parts = (
        EACH_MS + MAC_MS[work.kind] * work.multiply_accumulates / 1e6 + MEGABYTE_MS * work.bytes_moved / 1e6
        for work in works
    )
    return factor * (RUN_MS + sum(parts))


def timed(width: int, factor: float = 1.0) -> Timed:
    works = work_of(parse_model(small_network(quantised=False, width=width)))
    return Timed(f"w{width}", hashlib.sha256(str(width).encode()).hexdigest(), works, law(works, factor))


def test_times_of_the_law_are_found_again_for_models_that_were_left_out() -> None:
    made = fit_table([timed(width) for width in WIDTHS], "host", RUNNER)
    assert len(made.ratios) == len(WIDTHS)
    assert made.ratios[-1] < 1.02
    unseen = timed(64)
    assert made.milliseconds(unseen.works) == pytest.approx(unseen.measured_ms, rel=0.02)
    assert {row.operator for row in made.rows} == set(MAC_MS)
    assert all(min(row.each_ms, row.mega_mac_ms, row.megabyte_ms) >= 0 for row in made.rows)


def test_a_machine_of_half_the_speed_has_twice_the_estimates() -> None:
    works = timed(64).works
    first, slow = (
        fit_table([timed(width, factor) for width in WIDTHS], "host", RUNNER).milliseconds(works)
        for factor in (1.0, 2.0)
    )
    assert slow == pytest.approx(2 * first, rel=1e-6)


def test_times_that_follow_no_law_have_their_error_told() -> None:
    models = [timed(width, 4.0 if place % 2 else 1.0) for place, width in enumerate(WIDTHS)]
    assert fit_table(models, "host", RUNNER).ratios[-1] > 1.5


def test_a_model_with_an_operator_of_its_own_is_not_estimated_by_the_others() -> None:
    lone = work_of(parse_model(small_network(quantised=True)))
    odd = Timed("odd", "f" * 64, lone, 1.0)
    made = fit_table([*(timed(width) for width in WIDTHS), odd], "host", RUNNER)
    assert [item.name for item in made.models if item.left_out_ms is None] == ["odd"]
    with pytest.raises(InputError, match="error is unknown"):
        fit_table([*(timed(width) for width in WIDTHS[:4]), odd], "host", RUNNER)


def test_a_small_operator_of_one_model_does_not_take_over_what_others_need() -> None:
    def made(name: str, mega: int, number_format: str, *more: Work) -> Timed:
        product = Work("CONV_2D", number_format, mega * 1_000_000, 1000)
        return Timed(name, hashlib.sha256(name.encode()).hexdigest(), (product, *more), float(mega))

    models = [made(f"m{mega}", mega, "int8") for mega in (1, 2, 3, 5, 8)]
    models.append(made("few", 1, "uint8", Work("LOGISTIC", "uint8", 0, 10)))
    models.append(made("many", 4, "uint8", Work("TANH", "uint8", 0, 10)))
    small = [row for row in fit(models).rows if row.operator in ("LOGISTIC", "TANH")]
    assert len(small) == 2
    for row in small:
        assert row.milliseconds(Work(row.operator, "uint8", 0, 10)) < 0.1


def test_fewer_than_five_models_make_no_table() -> None:
    with pytest.raises(InputError, match="too few models") as refusal:
        fit_table([timed(width) for width in WIDTHS[:4]], "host", RUNNER)
    assert refusal.value.came == "4"


def test_operators_whose_sizes_say_too_little_are_refused() -> None:
    loop = Timed("loop", "e" * 64, (Work("WHILE", "float32", 0, 4, countable=False),), 1.0)
    with pytest.raises(UnsupportedError, match="do not say their work"):
        fit([timed(8), loop])


def written(folder: Path, target: str = "host", **changed: Any) -> tuple[Path, list[Path]]:
    """Records of made-up times, and the files that they are of."""
    models = []
    for width in WIDTHS[:6]:
        content = small_network(quantised=False, width=width)
        models.append(folder / f"w{width}.tflite")
        models[-1].write_bytes(content)
        took = law(work_of(parse_model(content)))
        values = {
            "schema": SCHEMA, "taken": "2026-01-02T03:04:05Z", "target": target, "evidence": "host",
            "bundle": {"name": "meadow", "version": "1.0.0", "digest": "a" * 64},
            "flavour": {"name": f"w{width}", "kind": "tflite", "digest": hashlib.sha256(content).hexdigest()},
            "outcome": "measured", "runner": RUNNER.model_dump(),
            "rounds": [{"latency_ms": took, "p90_ms": took, "p99_ms": took, "samples": 9, "load_ms": 1,
                        "first_run_ms": 1}],
        }  # fmt: skip
        append(folder / "bench", validated(Record, values | changed, "test", InputError))
    return folder / "bench", models


def test_a_table_is_made_of_records_and_estimates_a_file(tmp_path: Path) -> None:
    records, models = written(tmp_path)
    done = table(records, models, None, tmp_path / "host.json")
    assert (done.exit_code, len(done.rows), done.document["models"]) == (0, 6, 6)
    unseen = tmp_path / "unseen.tflite"
    unseen.write_bytes(small_network(quantised=False, width=18))
    told = estimate_file(unseen, tmp_path / "host.json", "host")
    assert (told.rows[0][0], told.rows[0][1], told.rows[0][-1]) == ("unseen.tflite", "host", "estimated")
    assert told.document["estimate"]["evidence"] == "estimated"
    expected = law(work_of(parse_model(unseen.read_bytes())))
    assert told.document["estimate"]["value"] == pytest.approx(expected, rel=0.02)
    assert told.lines == [read_table(tmp_path / "host.json").error]
    json.dumps([done.document, told.document])


def test_a_file_slower_than_all_that_were_measured_is_an_extrapolation(tmp_path: Path) -> None:
    records, models = written(tmp_path)
    table(records, models, None, tmp_path / "host.json")
    large = tmp_path / "large.tflite"
    large.write_bytes(small_network(quantised=False, width=128))
    assert "an extrapolation" in estimate_file(large, tmp_path / "host.json", None).lines[-1]


def test_a_run_that_was_unstable_is_told(tmp_path: Path) -> None:
    records, models = written(tmp_path, flags=["unstable"])
    assert table(records, models, None, tmp_path / "host.json").lines[1].startswith("unstable: meadow w4,")


def test_records_of_two_targets_or_runners_make_no_table_unless_one_is_named(tmp_path: Path) -> None:
    records, models = written(tmp_path)
    other = RUNNER.model_dump() | {"threads": 4}
    fast = small_network(quantised=False, width=WIDTHS[0])
    digest = hashlib.sha256(fast).hexdigest()
    flavour = {"name": "again", "kind": "tflite", "digest": digest}
    written(tmp_path, "adb:R58", evidence="device", flavour=flavour, taken="2026-01-03T00:00:00Z")
    with pytest.raises(InputError, match="several targets"):
        table(records, models, None, tmp_path / "t.json")
    assert table(records, models, "host", tmp_path / "t.json").document["target"] == "host"
    written(tmp_path, runner=other, flavour=flavour, taken="2026-01-04T00:00:00Z")
    with pytest.raises(InputError, match="several runners"):
        table(records, models, "host", tmp_path / "t.json")


@pytest.mark.parametrize(
    "changed",
    [
        {"flags": ["throttled"]},
        {"outcome": "failed", "reason": "lost"},
        {"evidence": "emulated", "rounds": [], "instructions": 5, "target": "qemu-arm64:cortex-a76"},
    ],
)
def test_runs_without_times_that_prove_something_are_no_times(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    records, models = written(tmp_path, **changed)
    with pytest.raises(InputError, match="no record with times"):
        table(records, models, None, tmp_path / "t.json")
    assert not (tmp_path / "t.json").exists()


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    records, _ = written(tmp_path)
    with pytest.raises(InputError, match="no such model") as refusal:
        table(records, [tmp_path / "gone.tflite"], None, tmp_path / "t.json")
    assert "gone.tflite" in str(refusal.value.came)


def test_the_command_hands_over_what_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Any, ...]] = []
    monkeypatch.setattr(bench, "_command", lambda name: lambda *given: seen.append((name, *given)))
    parser = argparse.ArgumentParser()
    bench.add_arguments(parser)
    for line in (
        ["table", "records", "--models", "a.tflite", "b.tflite", "--out", "t.json"],
        ["estimate", "a.tflite", "--table", "t.json", "--target", "host"],
    ):
        options = parser.parse_args(line)
        bench.ACTIONS[options.action](options, None)  # type: ignore[arg-type]
    models = [Path("a.tflite"), Path("b.tflite")]
    assert seen == [
        ("table", Path("records"), models, None, Path("t.json")),
        ("estimate", Path("a.tflite"), Path("t.json"), "host"),
    ]
