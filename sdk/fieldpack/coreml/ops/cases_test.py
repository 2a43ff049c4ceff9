"""Every operator file against the shared cases: called directly, and through a written package."""

from __future__ import annotations

import inspect
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.arithmetic import Arithmetic, Precision
from fieldpack.coreml.operator import convert, find_operator
from fieldpack.coreml.ops._op_list import OPERATORS
from fieldpack.coreml.testdata import (
    attribute_cases,
    edge_cases,
    elementwise_cases,
    recurrent_cases,
    resize_cases,
    sampling_cases,
    shape_cases,
    sharp_cases,
    weight_cases,
    window_cases,
)
from fieldpack.coreml.testdata.case import Case

CASES: tuple[Case, ...] = (
    *elementwise_cases.CASES,
    *window_cases.CASES,
    *shape_cases.CASES,
    *resize_cases.CASES,
    *weight_cases.CASES,
    *recurrent_cases.CASES,
    *sampling_cases.CASES,
    *attribute_cases.CASES,
    *edge_cases.CASES,
    *sharp_cases.CASES,
)
#: Operators without a case, each with the reason.
WITHOUT_CASES = {
    "const": "holds a value; every package test reads some",
    "classify": "gives a text and a vector; interpreter_test runs one",
    "dequantize": "its input is int8, which no package input can be; storage_test runs it",
    "constexpr_lut_to_sparse": "its sub-byte inputs need the compressor; storage_test runs it",
    "constexpr_sparse_blockwise_shift_scale": "as above",
    **dict.fromkeys(
        (
            "cond",
            "while_loop",
            "make_list",
            "list_gather",
            "list_length",
            "list_read",
            "list_scatter",
            "list_write",
            "read_state",
            "write_state",
            "random_bernoulli",
            "random_categorical",
            "random_normal",
            "random_uniform",
        ),
        "no array in, or none out; control_flow_test runs it",
    ),
}
#: Cases that are run directly only, each with the reason.
NOT_WRITTEN = {
    "crop_resize-indexed and normalised": "coremltools declares one result per picture, [N, B, ...], where "
    "the specification has one per box, [N, 1, ...]",
    "matmul-a vector is not transposed": "coremltools refuses to write it",
    "topk-all": "coremltools infers a size of -1 and cannot write it",
    **dict.fromkeys(
        (
            "avg_pool-ceil beyond the padding",
            "avg_pool-ceil beyond the padding excluded",
            "l2_pool-ceil beyond the padding",
            "max_pool-ceil beyond the padding",
        ),
        "coremltools writes ceil_mode with symmetric padding only",
    ),
}
WRITTEN = tuple(case for case in CASES if case.name not in NOT_WRITTEN)


def check(case: Case, results: tuple[Any, ...]) -> None:
    expected = case.expected()
    wanted = expected if isinstance(expected, tuple) else (expected,)
    assert len(results) == len(wanted)
    for result, want in zip(results, wanted, strict=True):
        target = np.asarray(want, np.float64)
        assert result.shape == target.shape
        np.testing.assert_allclose(result, target, rtol=case.rtol, atol=case.atol)


def names(cases: tuple[Case, ...]) -> list[str]:
    return [case.name for case in cases]


def test_every_operator_has_a_case() -> None:
    covered = {case.op for case in CASES}
    assert covered | set(WITHOUT_CASES) == set(OPERATORS)
    assert not covered & set(WITHOUT_CASES)
    assert len(set(names(CASES))) == len(CASES)


#: Attributes that no case sets, each with the reason.
NOT_SET = {
    ("constexpr_lut_to_dense", "vector_axis"): "storage_test",
    ("reduce_argmax", "output_dtype"): "decides the declared type alone",
    ("reduce_argmin", "output_dtype"): "decides the declared type alone",
}


def test_every_attribute_leaves_its_default_in_some_case() -> None:
    """An attribute that a file ignores would pass as long as cases keep to its default."""
    given: dict[tuple[str, str], list[Any]] = {}
    for case in CASES:
        for key, value in (case.inputs | case.fixed).items():
            given.setdefault((case.op, key), []).append(value)
    kept = []
    for name in sorted(set(OPERATORS) - set(WITHOUT_CASES)):
        for key, entry in inspect.signature(find_operator(name, "CoreML8").run).parameters.items():
            known = given.get((name, key), [])
            if entry.default is not entry.empty and not any(_differs(v, entry.default) for v in known):
                kept.append((name, key))
    assert sorted(kept) == sorted(NOT_SET)


def _differs(value: Any, default: Any) -> bool:
    if default is None:
        return value is not None
    if isinstance(value, str):
        return bool(value != default)
    return np.shape(value) != np.shape(default) or bool(np.any(np.asarray(value) != default))


@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_the_operator_file_follows_the_specification(case: Any) -> Any:
    arithmetic = Arithmetic(Precision.FP32)
    torch = arithmetic.torch
    operator = find_operator(case.op, "CoreML8")

    def tensor(value: Any) -> Any:
        if isinstance(value, str):
            return value
        if isinstance(value, tuple):
            return tuple(map(tensor, value))
        array = np.asarray(value)
        return torch.from_numpy(np.array(array.astype(np.int64) if array.dtype.kind == "u" else array))

    given = {
        key: convert(tensor(value), operator.parameters[key].form)
        for key, value in (case.inputs | case.fixed).items()
    }
    if "packed" in case.note:
        given |= {key: value.to(torch.uint8) for key, value in given.items() if key in ("indices", "mask")}
    with torch.inference_mode():
        result = operator.run(**given)
    results = result if isinstance(result, tuple) else (result,)
    if case.op == "cast":
        results = tuple(r.to(getattr(torch, case.fixed["dtype"])) for r in results)
    check(case, tuple(r.numpy() for r in results))


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: Any) -> Any:
    """Results of all cases from four packages, one per operator set, written by coremltools."""
    reason = 'pip install "fieldpack[coreml-convert]"'
    pytest.importorskip("coremltools", reason=reason)
    logging.getLogger("coremltools").setLevel(logging.ERROR)
    folder = tmp_path_factory.mktemp("cases")
    found: dict[str, Any] = {}
    for opset in sorted({case.opset for case in WRITTEN}):
        found.update(run_program(opset, [case for case in WRITTEN if case.opset == opset], folder))
    return found


def run_program(opset: int, cases: list[Case], folder: Path) -> dict[str, Any]:
    """One program of all cases of an operator set: written, opened, run."""
    import coremltools as ct
    from coremltools.converters.mil import Builder
    from coremltools.converters.mil.mil import Function, Program

    from fieldpack.coreml.interpreter import Interpreter
    from fieldpack.coreml.package import open_package

    target = getattr(ct.target, f"iOS{opset}")
    feeds: dict[str, Any] = {"zero": np.zeros(1, np.float32)}
    for index, case in enumerate(cases):
        for key, value in case.inputs.items():
            for place, array in enumerate(value if isinstance(value, tuple) else (value,)):
                feeds[f"in_{index}_{key}_{place}"] = _border_array(array)
    program = Program()
    slots = {key: Builder.placeholder(array.shape, _mil_type(array)) for key, array in feeds.items()}
    with Function(slots, opset_version=target) as function:
        built = [_build(Builder, case, index, function.inputs) for index, case in enumerate(cases)]
        function.set_outputs([result for results in built for result in results])
        program.add_function("main", function)
    model = ct.convert(
        program,
        convert_to="mlprogram",
        minimum_deployment_target=target,
        compute_precision=ct.precision.FLOAT32,
        pass_pipeline=ct.PassPipeline.EMPTY,
    )
    path = folder / f"ios{opset}.mlpackage"
    model.save(str(path))
    results = Interpreter(open_package(path)).run(feeds)
    return {
        case.name: tuple(results[key] for key in results if key.startswith(f"out_{index}_"))
        for index, case in enumerate(cases)
    }


def _border_array(array: Any) -> Any:
    """The array as an input of a package: float32 or int32, of rank 1 at least."""
    kept = np.asarray(array)
    return np.atleast_1d(kept.astype(np.int32 if kept.dtype.kind == "i" else np.float32))


def _mil_type(array: Any) -> Any:
    from coremltools.converters.mil.mil import types

    return types.int32 if array.dtype.kind == "i" else types.fp32


def _build(builder: Any, case: Case, index: int, variables: dict[str, Any]) -> list[Any]:
    """The operation of one case; results leave as float32."""
    arguments: dict[str, Any] = dict(case.fixed)
    for key, value in case.inputs.items():
        bound = []
        for place, array in enumerate(value if isinstance(value, tuple) else (value,)):
            variable = variables[f"in_{index}_{key}_{place}"]
            if np.asarray(array).dtype == np.bool_:
                variable = builder.cast(x=variable, dtype="bool")
            if np.shape(array) == ():
                variable = builder.squeeze(x=variable, axes=[0])
            bound.append(variable)
        arguments[key] = tuple(bound) if isinstance(value, tuple) else bound[0]
    made = getattr(builder, case.op)(**arguments)
    results = []
    for place, result in enumerate(made if isinstance(made, (tuple, list)) else [made]):
        if not case.inputs:
            result = builder.add(x=variables["zero"], y=result)
        results.append(builder.cast(x=result, dtype="fp32", name=f"out_{index}_{place}"))
    return results


@pytest.mark.full
@pytest.mark.parametrize("case", WRITTEN, ids=names(WRITTEN))
def test_a_written_package_gives_the_same(case: Any, outputs: Any) -> None:
    check(case, outputs[case.name])
