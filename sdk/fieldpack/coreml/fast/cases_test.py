"""The shared cases on the fast engine: every operator of its list, each in a package of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.conftest import Handmade, set_type
from fieldpack.coreml.engine import open_engine
from fieldpack.coreml.fast.engine import FastEngine
from fieldpack.coreml.fast.ops._op_list import OPERATORS
from fieldpack.coreml.ops.cases_test import CASES, check, names
from fieldpack.coreml.package import open_package
from fieldpack.coreml.testdata.case import Case
from fieldpack.errors import UnsupportedError

#: Cases that the fast engine leaves to the interpreter, each with what its error says.
REFUSED = {
    "local_response_norm-even": "has an even size",
    "local_response_norm-without a batch": "an input that is no picture",
    "scatter-div": "combines by 'div'",
    "scatter_nd-outside": "has index vectors with bounds to check",
    "range_1d": "computes its input 'start' at run time",
    "lstm-peephole and clip": "clips its cell",
    "reverse_sequence-before its batch": "turns other axes",
}
COVERED = tuple(case for case in CASES if case.op in OPERATORS and case.name not in REFUSED)


def test_every_operator_is_run() -> None:
    untested = {"cast", "dequantize", "range_1d"}
    assert set(OPERATORS) - {case.op for case in COVERED} <= untested
    assert len(COVERED) >= 255


@pytest.mark.parametrize("case", COVERED, ids=names(COVERED))
def test_the_fast_engine_follows_the_specification(case: Any, tmp_path: Path) -> None:
    feeds, path = write(case, tmp_path)
    check(case, tuple(FastEngine(open_package(path), threads=1).run(feeds).values()))


@pytest.mark.parametrize("case", [c for c in CASES if c.name in REFUSED], ids=list(REFUSED))
def test_what_is_not_covered_is_refused_by_name(case: Any, tmp_path: Path) -> None:
    feeds, path = write(case, tmp_path)
    with pytest.raises(UnsupportedError, match=REFUSED[case.name]) as caught:
        FastEngine(open_package(path))
    assert case.op in caught.value.what
    check(case, tuple(open_engine(open_package(path)).run(feeds).values()))


def write(case: Case, root: Path) -> tuple[dict[str, Any], Path]:
    """A package of one operation, and what to feed it."""
    made = Handmade(root, opset="CoreML8", specification=9)
    feeds: dict[str, Any] = {}
    bound: dict[str, list[str]] = {}
    for key, value in case.inputs.items():
        arrays = value if isinstance(value, tuple) else (value,)
        bound[key] = [_input(made, f"{key}{place}", np.asarray(a), feeds) for place, a in enumerate(arrays)]
    for key, value in case.fixed.items():
        bound[key] = _fixed(made, key, value)
    expected = case.expected()
    wanted = [np.asarray(part) for part in (expected if isinstance(expected, tuple) else (expected,))]
    op = made.block.operations.add(type=case.op)
    for key, tensors in bound.items():
        for name in tensors:
            op.inputs[key].arguments.add(name=name)
    for place, array in enumerate(wanted):
        dtype = {"f": "float32", "b": "bool"}.get(array.dtype.kind, "int32")
        if case.op == "cast":
            dtype = case.fixed["dtype"]
        set_type(op.outputs.add(name=f"raw{place}").type, dtype, array.shape)
        made.op("cast", f"out{place}", "float32", array.shape, x=f"raw{place}", dtype="=fp32")
        made.output(f"out{place}", "float32", array.shape)
    return feeds, made.save()


def _input(made: Handmade, name: str, array: Any, feeds: dict[str, Any]) -> str:
    dtype = "float32" if array.dtype.kind == "f" else "int32"
    shape = array.shape or (1,)
    feeds[made.input(name, dtype, shape)] = array.astype(dtype).reshape(shape)
    last = name
    if array.dtype.kind == "b":
        last = made.op("cast", f"{name}b", "bool", shape, x=last, dtype="=bool")
    if array.shape == ():
        kind = "bool" if array.dtype.kind == "b" else dtype
        last = made.op("squeeze", f"{name}s", kind, (), x=last, axes=np.array([0], np.int32))
    return last


def _fixed(made: Handmade, key: str, value: Any) -> list[str]:
    if isinstance(value, tuple) and value and isinstance(value[0], np.ndarray):
        return [made.const(f"{key}{place}", part) for place, part in enumerate(value)]
    if isinstance(value, str):
        return [made.const(key, value)]
    array = np.asarray(value)
    if array.dtype.kind == "f":
        array = array.astype(np.float32)
    if array.dtype == np.int64:
        array = array.astype(np.int32)
    return [made.const(key, array)]
