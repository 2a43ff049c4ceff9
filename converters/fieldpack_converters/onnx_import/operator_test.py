"""The written list of operators against the folder, the docstrings and the schemas of onnx."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from fieldpack.errors import SourceError, UnsupportedError
from fieldpack_converters.onnx_import import ops
from fieldpack_converters.onnx_import.operator import find_operator, module_name
from fieldpack_converters.onnx_import.ops._op_list import OPERATORS, REFUSED

FOLDER = Path(str(ops.__file__)).parent


def test_the_list_is_what_the_folder_holds() -> None:
    files = {path.stem for path in FOLDER.glob("[!_]*.py")}
    assert {module_name(name) for name in OPERATORS} == files
    assert list(OPERATORS) == sorted(set(OPERATORS))
    assert len(OPERATORS) >= 130


def test_each_file_names_its_operator_and_its_versions() -> None:
    for name in OPERATORS:
        module = importlib.import_module(f"{ops.__name__}.{module_name(name)}")
        document = str(module.__doc__)
        assert document.startswith(f"``{name}``: "), name
        stated = re.search(r"Covers versions? ([\d, and]+) of the operator", document)
        assert stated is not None, name
        assert tuple(map(int, re.findall(r"\d+", stated.group(1)))) == module.VERSIONS, name


def test_every_version_of_opsets_11_to_21_is_covered() -> None:
    import onnx

    missing = []
    for name in OPERATORS:
        versions = importlib.import_module(f"{ops.__name__}.{module_name(name)}").VERSIONS
        for opset in range(11, 22):
            try:
                schema = onnx.defs.get_schema(name, opset, "")
            except onnx.defs.SchemaError:
                continue
            if schema.since_version not in versions and not schema.deprecated:
                missing.append((name, opset))
    assert missing == []


def test_refusals_are_not_operators() -> None:
    assert not set(REFUSED) & set(OPERATORS)
    with pytest.raises(UnsupportedError, match="Loop") as caught:
        find_operator("Loop", 17)
    assert "unrolled" in str(caught.value.hint)


def test_a_version_that_is_not_covered_is_named() -> None:
    with pytest.raises(UnsupportedError, match="Resize") as caught:
        find_operator("Resize", 10)
    assert "version 10" in str(caught.value.came)
    with pytest.raises(SourceError, match="no operator Gelu"):
        find_operator("Gelu", 13)
