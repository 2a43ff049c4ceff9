"""The path rule."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.bundle.paths import collisions, path_fault


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "labels.txt",
        "coreml-fp16/model.mlpackage/Data/com.apple.CoreML/weights/weight.bin",
        "a_b-c.d/E9",
        "_x",
        "a..b",
        "console.txt",
        "com10",
        "a" * 100,
        "/".join(["a" * 49] * 4),
    ],
)
def test_legal(path: str) -> None:
    assert path_fault(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "./a",
        ".a",
        "a/.b",
        "-a",
        "a.",
        "a b",
        "a\\b",
        "C:a",
        "a:b",
        "a\0",
        "a\n",
        "a\n/b",
        "\u00e9",
        "\uff41",
        "a\u200b",
        "\udc80",
        "con",
        "CON.txt",
        "x/Lpt9.a.b",
        "nul",
        "a" * 101,
        "/".join(["a" * 50] * 4),
        "a*",
        "~",
        "a?",
    ],
)
def test_illegal(path: str) -> None:
    fault = path_fault(path)
    assert fault
    assert fault.isprintable()


@given(st.text(alphabet="aA0._-/\\: \0\u00e9\n", max_size=12))
def test_every_legal_path_stays_inside(path: str) -> None:
    if path_fault(path) is None:
        assert re.fullmatch(r"[A-Za-z0-9._/-]+", path)
        assert all(part not in ("", ".", "..") for part in path.split("/"))
        assert not path.endswith("\n")


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a", "b/c", "b/d"], []),
        (["a", "A"], [("A", "a")]),
        (["a/x", "A/y"], [("A", "a/x")]),
        (["a", "a/b"], [("a", "a/b")]),
        (["A", "a/b"], [("A", "a/b")]),
        (["stra\u00dfe", "STRASSE"], [("STRASSE", "stra\u00dfe")]),
        (["caf\u00e9", "cafe\u0301"], [("cafe\u0301", "caf\u00e9")]),
        (["a", "a"], []),
    ],
)
def test_collisions(paths: list[str], expected: list[tuple[str, str]]) -> None:
    assert collisions(paths) == expected
