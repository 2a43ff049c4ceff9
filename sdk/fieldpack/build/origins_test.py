from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from fieldpack.build.origins import code_digest, source_origin, tool_versions


def _source(folder: Path, code: str) -> dict[str, Any]:
    (folder / "nets").mkdir(parents=True)
    (folder / "nets" / "small.py").write_text(code)
    (folder / "state.pt").write_bytes(b"weights")
    words = {"kind": "torch", "factory": "nets.small:build", "path": str(folder / "state.pt")}
    return {**words, "python_path": [str(folder)]}


def test_a_source_is_its_words_and_contents_wherever_it_lies(tmp_path: Path) -> None:
    one, two = (_source(tmp_path / name, "def build(): ...") for name in "ab")
    assert source_origin(one) == source_origin(two)
    other = _source(tmp_path / "c", "def build(): return 1")
    assert source_origin(other) != source_origin(one)
    Path(two["path"]).write_bytes(b"others")
    assert source_origin(two) != source_origin(one)


def test_code_on_the_python_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = _source(tmp_path / "a", "def build(): ...")
    found = code_digest(words)
    assert found is not None
    monkeypatch.setattr(sys, "path", words.pop("python_path"))
    assert code_digest(words) == found
    assert code_digest({"kind": "keras"}) is None


def test_versions_of_tools_are_told() -> None:
    assert {"fieldpack", "numpy"} <= set(tool_versions())
