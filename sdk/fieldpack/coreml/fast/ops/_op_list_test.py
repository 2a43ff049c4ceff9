"""The written list of operators of the fast engine and the folder say the same."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

import pytest

from fieldpack.coreml.fast.ops._op_list import EXACT, OPERATORS
from fieldpack.coreml.fast.storage import UNPACKERS
from fieldpack.coreml.ops._op_list import OPERATORS as REFERENCE

FOLDER = Path(__file__).parent
FILES = sorted(set(OPERATORS.values()))


def test_the_list_is_the_folder() -> None:
    found = {
        p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith("_") and not p.stem.endswith("_test")
    }
    assert found == set(FILES)
    assert list(OPERATORS) == sorted(OPERATORS)


@pytest.mark.parametrize("name", FILES)
def test_every_file_names_its_operators(name: Any) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    module = importlib.import_module(f"fieldpack.coreml.fast.ops.{name}")
    listed = [operator for operator, file in OPERATORS.items() if file == name]
    if listed == [name]:
        assert (ast.get_docstring(tree) or "").startswith(f"``{name}``: ")
    else:
        assert sorted(module.NAMES) == listed
    assert callable(module.translate)


def test_the_interpreter_knows_every_operator() -> None:
    assert set(OPERATORS) | set(UNPACKERS) <= set(REFERENCE)
    assert set(OPERATORS) >= EXACT
    assert len(OPERATORS) >= 110


def test_no_translator_leans_on_the_interpreter() -> None:
    """Two engines that share an operator would not check each other."""
    for file in FOLDER.parent.rglob("*.py"):
        if not file.stem.endswith("_test"):
            assert "fieldpack.coreml.ops" not in file.read_text(), file.name
