"""The written list of operators and the folder say the same."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from fieldpack.coreml.operator import find_operator
from fieldpack.coreml.ops._op_list import FIRST_OPSET, OPERATORS

FOLDER = Path(__file__).parent
FORMS = {"Any", "Tensor", "TensorList", "State", "int", "float", "bool", "str"}
FORMS |= {f"tuple[{inner}, ...]" for inner in ("Any", "Tensor", "int", "float", "bool")}


def test_the_list_is_the_folder() -> None:
    files = {
        p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith("_") and not p.stem.endswith("_test")
    }
    assert list(OPERATORS) == sorted(OPERATORS)
    assert set(OPERATORS) == files


@pytest.mark.parametrize("name", OPERATORS)
def test_every_file_names_its_operator_and_takes_known_forms(name: Any) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    assert (ast.get_docstring(tree) or "").startswith(f"``{name}``: ")
    operator = find_operator(name, "CoreML8")
    assert operator.parameters
    assert {parameter.form for parameter in operator.parameters.values()} <= FORMS


@pytest.mark.full
def test_parameters_are_those_of_the_specification() -> None:
    """Inputs of every operator against the input specifications of all registered versions.

    ``blocks`` and inputs that start with an underscore are the nested blocks of control flow.
    """
    pytest.importorskip("coremltools", reason='pip install "fieldpack[coreml-convert]"')
    from coremltools.converters.mil.mil.ops.registry import SSAOpRegistry

    wrong = {}
    for name in OPERATORS:
        if name in ("const", "write_state"):
            continue
        versions = SSAOpRegistry.core_ops[name].values()
        declared = set().union(*(kind.input_spec.input_types for kind in versions))
        theirs = {key for key in declared if not key.startswith("_")}
        ours = set(find_operator(name, "CoreML8").parameters) - {"blocks"}
        if theirs != ours:
            wrong[name] = (sorted(ours - theirs), sorted(theirs - ours))
    assert not wrong


@pytest.mark.full
def test_every_operator_that_coremltools_registers_is_there() -> None:
    """The list and its first operator sets against the registry of the installed coremltools.

    Two registered operators never reach a program: ``_const_symbolic`` and ``conv_quantized`` are for
    tests and another format; ``write_state`` is what ``coreml_update_state`` becomes in the file.
    """
    pytest.importorskip("coremltools", reason='pip install "fieldpack[coreml-convert]"')
    from coremltools.converters.mil.mil.ops.registry import SSAOpRegistry

    registry = SSAOpRegistry.core_ops
    assert set(OPERATORS) == set(registry) - {"_const_symbolic", "conv_quantized"} | {"write_state"}
    sets = {7: "CoreML6", 8: "CoreML7", 9: "CoreML8"}
    first = {name: min(int(getattr(v, "value", v)) for v in registry[name]) for name in registry}
    later = {name: sets[version] for name, version in first.items() if version in sets}
    assert later | {"write_state": "CoreML8"} == FIRST_OPSET
