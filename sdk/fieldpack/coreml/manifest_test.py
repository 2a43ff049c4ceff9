"""Manifests, most of them hostile."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from fieldpack.coreml.manifest import read_manifest
from fieldpack.errors import ModelFileError


@pytest.fixture
def package(handmade: Any) -> Any:
    return handmade.save()


def rewrite(package: Any, change: Any) -> None:
    path = package / "Manifest.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_reads_items_and_the_model(package: Any) -> None:
    manifest = read_manifest(package)
    assert manifest.model_path == package / "Data/com.apple.CoreML/model.mlmodel"
    assert {item.path for item in manifest.items} == {
        "com.apple.CoreML/model.mlmodel",
        "com.apple.CoreML/weights",
    }


@pytest.mark.parametrize(
    "path",
    [
        "../../secret",
        "com.apple.CoreML/../../secret",
        "/etc/passwd",
        "..",
        "com.apple.CoreML\\..\\secret",
        "a\0b",
        "a" * 5000,
        "",
        7,
        None,
    ],
)
def test_paths_that_leave_the_package_are_refused(package: Any, path: Any) -> None:
    (package.parent / "secret").write_text("x")
    rewrite(package, lambda content: content["itemInfoEntries"]["B-model"].update(path=path))
    with pytest.raises(ModelFileError, match="path"):
        read_manifest(package)


def test_a_link_that_leaves_the_package_is_refused(package: Any) -> None:
    weights = package / "Data/com.apple.CoreML/weights/weight.bin"
    outside = package.parent / "outside.bin"
    weights.rename(outside)
    os.symlink(outside, weights)
    with pytest.raises(ModelFileError, match="link"):
        read_manifest(package)


def test_missing_and_undeclared_files_are_refused(package: Any) -> None:
    extra = package / "Data/com.apple.CoreML/extra.bin"
    extra.write_bytes(b"x")
    with pytest.raises(ModelFileError, match="does not name") as caught:
        read_manifest(package)
    assert "extra.bin" in str(caught.value)
    extra.unlink()
    (package / "Data/com.apple.CoreML/model.mlmodel").unlink()
    with pytest.raises(ModelFileError, match="missing"):
        read_manifest(package)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda c: c.update(rootModelIdentifier="nobody"), "root model"),
        (lambda c: c.update(rootModelIdentifier="A-weights"), "not a file"),
        (lambda c: c.update(fileFormatVersion="2.0.0"), "version"),
        (lambda c: c.update(itemInfoEntries=[1]), "item list"),
        (lambda c: c.update(itemInfoEntries={"a": 1}), "item list"),
    ],
)
def test_wrong_content_is_refused(package: Any, change: Any, word: Any) -> None:
    rewrite(package, change)
    with pytest.raises(ModelFileError, match=word):
        read_manifest(package)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "nul\0"])
def test_wrong_json_is_refused(package: Any, text: Any) -> None:
    (package / "Manifest.json").write_text(text)
    with pytest.raises(ModelFileError, match="JSON"):
        read_manifest(package)


def test_other_paths_are_refused(package: Any, tmp_path: Any) -> None:
    with pytest.raises(ModelFileError, match="not a Core ML package"):
        read_manifest(tmp_path / "none.mlpackage")
    with pytest.raises(ModelFileError, match="not a Core ML package"):
        read_manifest(package / "Manifest.json")
    (package / "Manifest.json").unlink()
    with pytest.raises(ModelFileError, match="no manifest"):
        read_manifest(package)
