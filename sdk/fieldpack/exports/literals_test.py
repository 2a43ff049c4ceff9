from __future__ import annotations

import json
import math
import re

import pytest

from fieldpack.errors import InputError
from fieldpack.exports.literals import (
    Call,
    Case,
    Numbers,
    Word,
    checked_package,
    identifiers,
    kotlin,
    kotlin_text,
    markdown_text,
    swift,
    swift_text,
    word_of,
)
from fieldpack.exports.testing import HOSTILE

TEXTS = [
    "",
    "bee",
    HOSTILE,
    'a"b',
    "a\\",
    "$x ${y}",
    "a\nb\r\t\0\f",
    "\u2028\u202e\u05d0",
    "\U0001f41d",
    "*/ /*",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_string_of_kotlin_reads_as_it_was(text: str) -> None:
    written = kotlin_text(text)
    assert written.isascii()
    assert written.isprintable()
    assert "$" not in written
    assert not re.search(r'(?<!\\)"', written[1:-1].replace("\\\\", ""))
    assert json.loads(written) == text


@pytest.mark.parametrize("text", TEXTS)
def test_a_string_of_swift_reads_as_it_was(text: str) -> None:
    written = swift_text(text)
    assert written.isascii()
    assert written.isprintable()
    assert "\\(" not in written.replace("\\\\", "")
    inside = re.sub(
        r"\\u\{([0-9a-f]+)\}|\\(.)", lambda m: chr(int(m[1], 16)) if m[1] else m[2], written[1:-1]
    )
    assert inside == text


def test_names_are_no_keywords_and_differ_in_more_than_case() -> None:
    assert identifiers(["class", "class_", "in", "picture", "Picture", "init", "Self"]) == [
        "class_", "class__", "in_", "picture", "Picture_", "init_", "Self_",
    ]  # fmt: skip
    assert word_of("meadow-12") == "meadow_12"
    assert word_of("12.bees") == "model_12_bees"
    assert word_of("fun") == "fun_"


def test_values_of_rules_are_written_in_both_languages() -> None:
    rule = Call(
        "Rule",
        {
            "size": 3, "low": -math.inf, "none": math.nan, "flag": True,
            "fit": Case("CenterCrop", {"share": 0.5}),
            "plain": Case("Stretch"), "word": Word("Resample", "bilinear_no_antialias"), "gone": None,
            "list": [Call("Band")], "empty": [], "whole": Numbers((1, 2), whole=True),
            "real": Numbers((0.1,), whole=False),
        },
    )  # fmt: skip
    assert kotlin(rule) == (
        "Rule(size = 3, low = -Double.POSITIVE_INFINITY, none = Double.NaN, flag = true, "
        "fit = CenterCrop(share = 0.5), plain = Stretch, word = Resample.BILINEAR_NO_ANTIALIAS, gone = null, "
        "list = listOf(Band), empty = emptyList(), whole = intArrayOf(1, 2), real = doubleArrayOf(0.1))"
    )
    assert swift(rule) == (
        "Rule(size: 3, low: -Double.infinity, none: Double.nan, flag: true, fit: .centerCrop(share: 0.5), "
        "plain: .stretch, word: .bilinearNoAntialias, gone: nil, list: [Band], empty: [], "
        "whole: [1, 2], real: [0.1])"
    )
    with pytest.raises(TypeError):
        kotlin(object())


def test_markdown_shows_text_as_it_stands() -> None:
    assert markdown_text("a *b*\n<script>\u202e") == "a \\*b\\* \\<script\\>"


@pytest.mark.parametrize("text", ["", "a..b", "org.Example", "org.fun.x", "org.1x", 'a"; evil', "org/x"])
def test_what_is_no_package_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no name of a package"):
        checked_package(text, "--android-package")
