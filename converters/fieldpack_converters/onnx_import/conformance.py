"""Worker target: the node tests of the package onnx, run through the importer.

Every test is a small model with inputs and expected outputs, made by the reference code that ships in
``onnx.backend.test.case.node``.  A test counts when every operator in it is in the written list; what it
needs to know at import (shapes, axes, paddings that come as inputs) is given as a constant, as a user would.
"""

from __future__ import annotations

import random
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fieldpack.errors import FieldpackError
from fieldpack_converters.onnx_import.graph import tensor_from
from fieldpack_converters.onnx_import.importer import import_onnx
from fieldpack_converters.onnx_import.model_file import DOMAINS, all_nodes, opset_of, read_model
from fieldpack_converters.onnx_import.operator import find_operator
from fieldpack_converters.onnx_import.ops._op_list import OPERATORS

Report = Callable[[str, float], None]
_VALUES_DECIDE_SHAPE = ("NonZero", "Range")
DEVIATIONS = Path(__file__).with_name("deviations.toml")


def run(
    sample: int | None = None,
    seed: int = 0,
    operators: list[str] | None = None,
    report: Report = lambda stage, fraction: None,
) -> dict[str, object]:
    """Run the node tests.

    Parameters
    ----------
    sample : int, optional
        A seeded sample of so many of the tests that count; all by default.
    operators : list of str, optional
        Only tests with one of these operators.

    Returns
    -------
    dict
        ``tests`` (all that onnx has), ``out_of_scope`` (an operator is not in the list), ``ran``,
        ``passed``, ``failed``, ``failures`` (name -> first line of what went wrong), ``deviations`` (failures
        that ``deviations.toml`` lists, by reason), ``unexpected`` (failures that it does not list),
        ``operators`` (those that some passed test ran).
    """
    cases = _cases()
    counted = [case for case in cases if _in_scope(case)]
    chosen = [case for case in counted if not operators or _operators(case) & set(operators)]
    if sample is not None and sample < len(chosen):
        chosen = random.Random(seed).sample(chosen, sample)
    failures: dict[str, str] = {}
    covered: set[str] = set()
    for number, case in enumerate(chosen):
        report("run the node tests of onnx", number / len(chosen))
        reason = failure(case)
        if reason is None:
            covered |= _operators(case)
        else:
            failures[case.name] = reason
    known = known_deviations()
    return {
        "tests": len(cases),
        "out_of_scope": len(cases) - len(counted),
        "ran": len(chosen),
        "passed": len(chosen) - len(failures),
        "failed": len(failures),
        "failures": failures,
        "deviations": dict(Counter(known[name] for name in failures if name in known)),
        "unexpected": sorted(name for name in failures if name not in known),
        "operators": sorted(covered),
    }


def known_deviations() -> dict[str, str]:
    """Test name -> reason, as ``deviations.toml`` lists them."""
    tables = tomllib.loads(DEVIATIONS.read_text(encoding="utf-8"))["deviation"]
    return {name: str(table["reason"]) for table in tables for name in table["tests"]}


def _cases() -> list[Any]:
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sorted(collect_testcases(None), key=lambda case: str(case.name))


def _operators(case: Any) -> set[str]:
    return {node.op_type for node in all_nodes(case.model.graph)}


def _in_scope(case: Any) -> bool:
    foreign = any(node.domain not in DOMAINS for node in all_nodes(case.model.graph))
    return not foreign and _operators(case) <= {*OPERATORS, "If"}


def failure(case: Any) -> str | None:
    """What is wrong with our answer to a test, None when nothing is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for inputs, outputs in case.data_sets:
                _run_case(case, list(inputs), list(outputs))
    except FieldpackError as error:
        return " ".join(str(error).split())[:300]
    except (AssertionError, RuntimeError, ValueError, TypeError, IndexError, KeyError) as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return None


def _run_case(case: Any, inputs: list[Any], outputs: list[Any]) -> None:
    given = {item.name: _array(value) for item, value in zip(case.model.graph.input, inputs, strict=True)}
    fixed = {name: given[name] for name in known_at_import(case.model) if name in given}
    shapes = {name: value.shape for name, value in given.items() if name not in fixed}
    module = import_onnx(case.model, shapes, fixed)
    program = module.program
    fed = [
        tensor_from(given[name], dtype)
        for name, dtype in zip(program.input_names, program.input_types, strict=True)
    ]
    with torch.no_grad():
        results = module(*fed)
    came = results if isinstance(results, tuple) else (results,)
    for expected, value in zip(outputs, came, strict=True):
        _compare(_array(expected), value, case)


def _array(value: Any) -> Any:
    import onnx

    return onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)


def _compare(expected: Any, value: Any, case: Any) -> None:
    wanted = tensor_from(expected, value.dtype) if expected.dtype.isbuiltin != 1 else None
    if wanted is not None:
        expected, value = wanted.to(torch.float32).numpy(), value.to(torch.float32)
    elif value.dtype is torch.bfloat16:
        value = value.to(torch.float32)
    found = value.numpy()
    if found.dtype != expected.dtype or found.shape != expected.shape:
        raise ValueError(f"{found.dtype} {found.shape} instead of {expected.dtype} {expected.shape}")
    if expected.dtype.kind == "b":
        np.testing.assert_array_equal(found, expected)
    else:
        np.testing.assert_allclose(found, expected, rtol=case.rtol, atol=case.atol)


def known_at_import(model: Any) -> set[str]:
    """The inputs of a model that have to be constants, since some node needs numbers that come from them."""
    read = read_model(model)
    needed: set[str] = set()
    _add_needed(read.graph, opset_of(read), needed)
    return needed & {item.name for item in read.graph.input}


def _add_needed(graph: Any, opset: int, needed: set[str]) -> None:
    """Go through the nodes from the last to the first and add what must be known before each."""
    for node in reversed(graph.node):
        asked = bool(needed & set(node.output))
        for attribute in node.attribute:
            if attribute.HasField("g"):
                needed.update(item.name for item in attribute.g.output if asked)
                _add_needed(attribute.g, opset, needed)
        if node.op_type not in OPERATORS:
            needed.update(node.input if asked else ())
            continue
        operator = find_operator(node.op_type, opset)
        if operator.shape_only:
            continue
        if asked or node.op_type in _VALUES_DECIDE_SHAPE:
            needed.update(node.input)
        places = zip(node.input, operator.inputs, strict=False)
        needed.update(name for name, place in places if not place.is_tensor)
