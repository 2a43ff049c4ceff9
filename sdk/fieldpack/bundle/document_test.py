"""Canonical JSON: one content, one spelling."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.bundle.document import canonical_json, manifest_bytes, parse_manifest, read_document
from fieldpack.bundle.read import open_bundle
from fieldpack.errors import BundleError
from fieldpack.testing import tiny_bundle

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


def test_the_spelling_is_fixed() -> None:
    value = {"b": [1, 2.5, 1e-7, 1e22, True, None], "a": {}, "\u00e9": [], "A": 'x"\\\n\u2028/'}
    expected = (
        '{\n "A": "x\\"\\\\\\n\u2028/",\n "a": {},\n "b": [\n  1,\n  2.5,\n  1e-07,\n  1e+22,\n'
        '  true,\n  null\n ],\n "\u00e9": []\n}\n'
    )
    assert canonical_json(value) == expected.encode()


@given(PLAIN)
def test_reading_and_writing_again_gives_the_same_bytes(value: Any) -> None:
    data = canonical_json(value)
    again = json.loads(data)
    assert canonical_json(again) == data
    assert again == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_survive_to_the_last_bit(value: float) -> None:
    assert struct.pack("<d", json.loads(canonical_json(value))) == struct.pack("<d", value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"a": float("-inf")}])
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        canonical_json(value)


def test_a_manifest_survives(tmp_path: Path) -> None:
    data = (tiny_bundle(tmp_path / "tiny") / "manifest.json").read_bytes()
    assert manifest_bytes(parse_manifest(data, "x")) == data


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_calmly(data: bytes) -> None:
    manifest, findings = read_document(data)
    assert manifest is None
    assert findings
    with pytest.raises(BundleError):
        parse_manifest(data, "x")


@given(PLAIN)
def test_any_json_is_refused_calmly(value: Any) -> None:
    for content in (value, {"schema_version": 1, "files": value}):
        manifest, findings = read_document(canonical_json(content))
        assert manifest is None
        assert findings
        assert all(str(finding).isprintable() for finding in findings)


def test_limits_that_were_left_out_are_absent_and_older_manifests_with_nulls_are_read(tmp_path: Path) -> None:
    with open_bundle(tiny_bundle(tmp_path / "tiny")) as bundle:
        words = json.loads(bundle.manifest_data)
    assert words["budget"] == {"every": {"installed_bytes": 100000}, "flavours": {}}
    then = {"installed_bytes": 100000, "download_bytes": None, "top1_agreement": None, "mean_kl": None}
    words["budget"] = {"every": then, "flavours": {"tflite-float32": {"top1_drop": None, "mean_kl": 0.1}}}
    manifest = parse_manifest(canonical_json(words), "older")
    assert manifest.budget.limits_of("tflite-float32") == {"installed_bytes": 100000, "mean_kl": 0.1}


def test_products_without_weights_are_told_where_there_are_some_and_survive(tmp_path: Path) -> None:
    with open_bundle(tiny_bundle(tmp_path / "tiny")) as bundle:
        words = json.loads(bundle.manifest_data)
    compression = words["flavours"][0]["compression"]
    assert "without_weights" not in compression
    compression["without_weights"] = 2
    data = canonical_json(words)
    manifest = parse_manifest(data, "x")
    assert manifest.flavours[0].compression.without_weights == 2
    assert manifest_bytes(manifest) == data


def test_an_author_is_absent_where_nobody_is_named_and_survives(tmp_path: Path) -> None:
    with open_bundle(tiny_bundle(tmp_path / "tiny")) as bundle:
        words = json.loads(bundle.manifest_data)
    assert "author" not in words
    data = canonical_json({**words, "author": "The meadow team"})
    manifest = parse_manifest(data, "x")
    assert manifest.author == "The meadow team"
    assert manifest_bytes(manifest) == data
