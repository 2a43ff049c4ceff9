"""The report on programs made by hand, where each figure can be computed with numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.conftest import Handmade
from fieldpack.coreml.interpreter import Interpreter, Precision
from fieldpack.coreml.package import open_package
from fieldpack.coreml.precision_report import difference, report_precision
from fieldpack.coreml.precision_risk import RiskKind
from fieldpack.errors import InputError

X = np.array([0.1234567, -0.7654321, 0.9876543], np.float32)


def half(x: Any) -> Any:
    return np.asarray(x, np.float32).astype(np.float16).astype(np.float32)


def sine(made: Handmade, dtype: str) -> Path:
    """``y = sin(100 x)`` with ``x`` given in float32."""
    suffix = "_cast_fp16" if dtype == "float16" else ""
    np_dtype = np.dtype(dtype).type
    made.input("x", "float32", (3,))
    given = made.op("cast", "h", "float16", (3,), x="x", dtype="=fp16") if suffix else "x"
    made.op("mul", f"angle_1{suffix}", dtype, (3,), x=given, y=np.array([100], np_dtype))
    made.op("sin", f"wave{suffix}", dtype, (3,), x=f"angle_1{suffix}")
    made.op("cast", "y", "float32", (3,), x=f"wave{suffix}", dtype="=fp32")
    made.output("y", "float32", (3,))
    return made.save()


def test_own_and_accumulated_errors_are_those_of_the_definition(handmade: Any) -> None:
    report = report_precision(open_package(sine(handmade, "float16")), [{"x": X}])
    assert not report.assumed
    rows = {row.operator: row for row in report.operations if row.operator != "cast"}
    angle = np.float32(100) * X
    exact = np.sin(angle)
    own = np.abs(half(np.sin(half(angle))) - exact).max() / np.abs(exact).max()
    run = half(np.sin(half(np.float32(100) * half(X))))
    accumulated = np.abs(run - exact).max() / np.abs(exact).max()
    assert rows["sin"].own == pytest.approx(own, rel=1e-3)
    assert rows["sin"].accumulated == pytest.approx(accumulated, rel=1e-3)
    assert report.outputs == {"y": pytest.approx(accumulated, rel=1e-3)}
    assert rows["mul"].scale == pytest.approx(np.abs(angle).max(), rel=1e-6)
    assert rows["mul"].own == pytest.approx(
        np.abs(half(100 * half(X)) - angle).max() / np.abs(angle).max(), rel=1e-2
    )


def test_the_rounded_run_is_the_interpreters(handmade: Any) -> None:
    package = open_package(sine(handmade, "float16"))
    exact, rounded = (Interpreter(package, precision).run({"x": X})["y"] for precision in Precision)
    report = report_precision(package, [{"x": X}])
    assert report.outputs["y"] == pytest.approx(difference(exact, rounded), rel=1e-6)


def test_a_package_without_half_floats_is_looked_at_as_if_it_had_them(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = report_precision(open_package(sine(Handmade(tmp_path / "a"), "float32")), [{"x": X}])
    halves = report_precision(open_package(sine(Handmade(tmp_path / "b"), "float16")), [{"x": X}])
    assert whole.assumed
    assert whole.outputs["y"] == pytest.approx(halves.outputs["y"], rel=1e-3)
    assert whole.islands == halves.islands == "^(angle.1|wave)$"
    assert [row.operator for row in whole.at_risk] == ["sin"]


def test_figures_are_the_worst_over_the_samples(handmade: Any) -> None:
    package = open_package(sine(handmade, "float16"))
    singles = [report_precision(package, [{"x": x}]).outputs["y"] for x in (X, X / 1000)]
    both = report_precision(package, [{"x": X}, {"x": X / 1000}])
    assert both.samples == 2
    assert both.outputs["y"] == max(singles)
    assert report_precision(package, [{"x": X / 1000}]).islands is None


def test_an_overflow_is_named_and_its_readers_join_the_island(handmade: Any) -> None:
    handmade.input("x", "float32", (3,))
    handmade.op("cast", "h", "float16", (3,), x="x", dtype="=fp16")
    handmade.op("square", "big_cast_fp16", "float16", (3,), x="h")
    handmade.op(
        "real_div", "back_cast_fp16", "float16", (3,), x="big_cast_fp16", y=np.array([1000], np.float16)
    )
    handmade.op("cast", "y", "float32", (3,), x="back_cast_fp16", dtype="=fp32")
    handmade.output("y", "float32", (3,))
    report = report_precision(open_package(handmade.save()), [{"x": X * 1000}])
    (square,) = (row for row in report.operations if row.operator == "square")
    assert square.accumulated == float("inf")
    assert [risk.kind for risk in square.risks] == [RiskKind.OVERFLOW]
    assert report.islands == "^(big|back)$"


def test_a_changed_order_is_named_and_no_island_is_offered(handmade: Any) -> None:
    handmade.input("x", "float32", (3,))
    handmade.op("cast", "h_cast_fp16", "float16", (3,), x="x", dtype="=fp16")
    handmade.op("argsort", "places", "int32", (3,), x="h_cast_fp16", axis=np.array(0, np.int32))
    handmade.output("places", "int32", (3,))
    x = np.array([1.0001, 1.0002, 0.5], np.float32)
    report = report_precision(open_package(handmade.save()), [{"x": x}])
    (order,) = report.at_risk
    assert order.accumulated == pytest.approx(2 / 3)
    assert [risk.kind for risk in order.risks] == [RiskKind.ORDER]
    assert report.islands is None


def test_samples_must_be_there_and_fit(handmade: Any) -> None:
    package = open_package(sine(handmade, "float16"))
    with pytest.raises(InputError, match="needs inputs"):
        report_precision(package, [])
    with pytest.raises(InputError, match="not those of the model"):
        report_precision(package, [{"z": X}])
    with pytest.raises(InputError, match="another shape"):
        report_precision(package, [{"x": X[:2]}])


@pytest.mark.parametrize(
    ("exact", "other", "found"),
    [
        ([1.0, -4.0], [1.0, -3.0], 0.25),
        ([np.inf, 2.0], [np.inf, 1.0], 0.5),
        ([np.nan, 2.0], [np.nan, 2.0], 0.0),
        ([1.0, 2.0], [np.nan, 2.0], float("inf")),
        ([0.0], [0.0], 0.0),
        ([0.0], [1e-9], float("inf")),
    ],
)
def test_differences_are_relative_to_the_largest_value(exact: Any, other: Any, found: float) -> None:
    assert difference(np.array(exact), np.array(other)) == found


def test_differences_of_integers_texts_and_shapes() -> None:
    assert difference(np.array([1, 2, 3, 4]), np.array([1, 2, 4, 3])) == 0.5
    assert difference("bee", "bee") == 0.0
    assert difference("bee", "wasp") == 1.0
    assert difference(np.ones(2), np.ones(3)) == float("inf")
