"""Work of files, estimates of a table that is written out, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack import gate
from fieldpack.budget import Budget, Limits
from fieldpack.bundle.read import open_bundle
from fieldpack.errors import InputError, UnsupportedError
from fieldpack.latency_table.operator_work import Work, work_of
from fieldpack.latency_table.table import SCHEMA, LatencyTable, estimate, read_table, write_table
from fieldpack.model import validated
from fieldpack.records.held import with_records
from fieldpack.records.record import Record
from fieldpack.testing import dense_tflite, tiny_bundle
from fieldpack.tflite.editing import TfliteEditor
from fieldpack.tflite.file import parse_model
from fieldpack.verdict import Evidence, Outcome

DENSE = {"operator": "FULLY_CONNECTED", "number_format": "float32", "occurrences": 5}
RUNNER = {"kind": "c", "runtime": "LiteRT 2.3.0", "processor": "cortex-a76", "threads": 1}


def values(**changed: Any) -> dict[str, Any]:
    """A table of dense layers, 2 ms for a million multiply-accumulates."""
    models = [
        {"name": f"m{place}", "digest": str(place) * 64, "measured_ms": 1.0, "left_out_ms": left_out}
        for place, left_out in enumerate((1.0, 1.1, 0.8, 2.0, 1.2))
    ]
    row = DENSE | {"each_ms": 0.25, "mega_mac_ms": 2.0, "megabyte_ms": 0.5}
    return {
        "schema": SCHEMA, "target": "host", "runner": RUNNER, "run_ms": 1.0, "rows": [row], "models": models
    } | changed  # fmt: skip


def table(**changed: Any) -> LatencyTable:
    return validated(LatencyTable, values(**changed), "test", InputError)


def dense(folder: Path, size: int) -> Path:
    """[1, size] times [3, size]."""
    path = folder / f"dense{size}.tflite"
    path.write_bytes(
        dense_tflite("given", (1, size), np.ones((3, size), np.float32), np.zeros(3, np.float32), "linear")
    )
    return path


def graph(
    name: str, *shapes: tuple[int, ...], answer: tuple[int, ...], constant: bool = True
) -> tuple[Work, ...]:
    """One operator; what it takes beside its first input is constant, where that is said."""
    editor = TfliteEditor()
    given = editor.tensor("given", shapes[0])
    others = [
        editor.tensor(f"other{place}", shape, values=np.ones(shape, np.float32) if constant else None)
        for place, shape in enumerate(shapes[1:])
    ]
    made = editor.tensor("made", answer)
    editor.operator(name, [given, *others], [made])
    editor.ends([given], [made])
    return work_of(parse_model(editor.content()))


@pytest.mark.parametrize(
    ("name", "shapes", "answer", "expected"),
    [
        ("CONV_2D", ((1, 8, 8, 3), (5, 3, 3, 3)), (1, 4, 4, 5), 4 * 4 * 5 * 27),
        ("DEPTHWISE_CONV_2D", ((1, 8, 8, 6), (1, 3, 3, 6)), (1, 8, 8, 6), 8 * 8 * 6 * 9),
        ("FULLY_CONNECTED", ((2, 7), (3, 7)), (2, 3), 2 * 3 * 7),
        ("BATCH_MATMUL", ((2, 4, 7), (2, 7, 3)), (2, 4, 3), 2 * 4 * 7 * 3),
        ("BATCH_MATMUL", ((2, 7, 4), (2, 7, 3)), (2, 4, 3), 2 * 4 * 7 * 3),
        ("CONV_3D", ((1, 4, 4, 4, 2), (2, 2, 2, 2, 5)), (1, 3, 3, 3, 5), 27 * 5 * 16),
        ("ADD", ((1, 4), (1, 4)), (1, 4), 0),
    ],
)
def test_work_is_counted(
    name: str, shapes: tuple[tuple[int, ...], ...], answer: tuple[int, ...], expected: int
) -> None:
    (work,) = graph(name, *shapes, answer=answer)
    elements = sum(int(np.prod(shape)) for shape in (*shapes, answer))
    assert (work.multiply_accumulates, work.bytes_moved) == (expected, 4 * elements)
    assert (work.number_format, work.countable) == ("float32", True)


def test_operators_that_run_over_time_have_no_countable_work() -> None:
    (work,) = graph("UNIDIRECTIONAL_SEQUENCE_LSTM", (1, 5, 4), (3, 4), answer=(1, 5, 3))
    assert not work.countable


def test_an_estimate_is_the_sum_of_its_parts_and_carries_the_worst_error(tmp_path: Path) -> None:
    figure = estimate(dense(tmp_path, 1000), table())
    moved = 4 * (1000 + 3000 + 3 + 3)
    assert figure.value == pytest.approx(1.0 + 0.25 + 2.0 * 3000 / 1e6 + 0.5 * moved / 1e6, rel=1e-12)
    assert (figure.name, figure.unit, figure.evidence, figure.n) == (
        "latency_ms.host", "ms", Evidence.ESTIMATED, 5,
    )  # fmt: skip
    assert figure.value is not None
    assert (figure.low, figure.high) == pytest.approx((figure.value / 2, figure.value * 2))
    assert table().error.endswith("a factor of 1.20 in the middle, 2.00 at worst")


def test_estimates_scale_with_the_table_and_grow_with_the_model(tmp_path: Path) -> None:
    small, large = dense(tmp_path, 100), dense(tmp_path, 200)
    row = DENSE | {"each_ms": 0.5, "mega_mac_ms": 4.0, "megabyte_ms": 1.0}
    doubled = table(run_ms=2.0, rows=[row])
    first, twice = estimate(small, table()).value, estimate(small, doubled).value
    assert first is not None
    assert twice == pytest.approx(2 * first)
    more = estimate(large, table()).value
    assert more is not None
    assert more > first


def test_a_table_of_another_target_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another target") as refusal:
        estimate(dense(tmp_path, 4), table(), "adb:R58")
    assert (refusal.value.came, refusal.value.allowed) == ("host", "adb:R58")


def test_operators_that_the_table_never_saw_are_named(tmp_path: Path) -> None:
    rows = [DENSE | {"number_format": "int8", "each_ms": 1.0, "mega_mac_ms": 0.0, "megabyte_ms": 0.0}]
    with pytest.raises(UnsupportedError, match="no time for operators") as refusal:
        estimate(dense(tmp_path, 4), table(rows=rows))
    assert refusal.value.came == "1 FULLY_CONNECTED (float32)"


def test_a_table_that_gives_nothing_any_time_is_refused(tmp_path: Path) -> None:
    rows = [DENSE | {"each_ms": 0.0, "mega_mac_ms": 0.0, "megabyte_ms": 0.0}]
    with pytest.raises(UnsupportedError, match="no time at all"):
        estimate(dense(tmp_path, 4), table(rows=rows, run_ms=0.0))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write_table(tmp_path / "new" / "host.json", table())
    assert read_table(tmp_path / "new" / "host.json") == table()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"schema": "fieldpack-latency-table/9"}, "another schema"),
        ({"models": values()["models"][:4]}, "models"),
        (
            {"models": [*values()["models"][:4], {"name": "m", "digest": "9" * 64, "measured_ms": 1.0}]},
            "unknown",
        ),
        ({"models": values()["models"] + values()["models"][:1]}, "a model stands twice"),
        ({"rows": values()["rows"] * 2}, "an operator stands twice"),
        ({"run_ms": -1.0}, "run_ms"),
        ({"target": "toaster"}, "target"),
    ],
)
def test_other_tables_are_refused(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    path = tmp_path / "table.json"
    path.write_text(json.dumps(values(**changed)))
    with pytest.raises(InputError, match=message):
        read_table(path)


def test_no_json_and_no_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    for _ in range(2):
        with pytest.raises(InputError, match="cannot be read"):
            read_table(path)
        path.write_text('{"schema"')


def test_a_limit_on_latency_stays_not_run_beside_an_estimate(tmp_path: Path) -> None:
    with open_bundle(tiny_bundle(tmp_path / "tiny")) as bundle:
        (flavour, *_) = bundle.manifest.flavours
        figure = estimate(dense(tmp_path, 4), table())
        evidence = with_records({"flavours": {flavour.name: {"figures": [figure.as_dict()]}}}, [flavour], [])
        budget = Budget(every=Limits.model_validate({"latency_ms": {"host": 1e9}}))
        (verdict,) = gate.hold(budget, [flavour], evidence)
    assert verdict.outcome is Outcome.NOT_RUN
    assert verdict.figure.value is None


def test_an_estimate_cannot_be_dressed_as_a_record() -> None:
    took = {"latency_ms": 1, "p90_ms": 1, "p99_ms": 1, "samples": 9, "load_ms": 1, "first_run_ms": 1}
    record = {
        "schema": "fieldpack-bench/1",
        "taken": "2026-01-02T03:04:05Z",
        "bundle": {"name": "meadow", "version": "1.0.0", "digest": "a" * 64},
        "flavour": {"name": "tflite-int8", "kind": "tflite", "digest": "b" * 64},
        "target": "host",
        "outcome": "measured",
        "runner": RUNNER,
        "rounds": [took],
    }
    validated(Record, record | {"evidence": "host"}, "test", InputError)
    with pytest.raises(InputError, match="an estimate is no run"):
        validated(Record, record | {"evidence": "estimated"}, "test", InputError)
