from __future__ import annotations

import ast
from pathlib import Path

import pytest

from fieldpack.diagnosis.causes._cause_list import CAUSES, causes

FOLDER = Path(__file__).parent


def test_the_list_is_the_folder() -> None:
    files = {
        p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith("_") and not p.stem.endswith("_test")
    }
    assert set(CAUSES) == files
    assert len(set(CAUSES)) == len(CAUSES)


@pytest.mark.parametrize("name", CAUSES)
def test_every_file_names_its_cause_and_has_a_test(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    assert (ast.get_docstring(tree) or "").startswith(f"``{name}``: ")
    assert (FOLDER / f"{name}_test.py").is_file()
    assert [cause.name for cause in causes()].count(name) == 1
