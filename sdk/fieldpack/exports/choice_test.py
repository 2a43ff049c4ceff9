from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fieldpack.bundle.manifest import FlavourKind, Manifest
from fieldpack.bundle.read import open_bundle
from fieldpack.errors import InputError, UnsupportedError
from fieldpack.exports.choice import chosen_flavour, failed_limits
from fieldpack.testing import tiny_bundle

TFLITE = FlavourKind.TFLITE


@pytest.fixture
def manifest(tmp_path: Path) -> Iterator[Manifest]:
    """Three TFLite flavours of falling size, the smallest of which failed a limit."""
    with open_bundle(tiny_bundle(tmp_path / "b")) as bundle:
        large = bundle.manifest.flavours[0]
        named = [("large", 900), ("middle", 500), ("small", 100)]
        flavours = tuple(large.model_copy(update={"name": n, "download_bytes": size}) for n, size in named)
        verdicts = ({"name": "top1_drop", "subject": "small", "outcome": "fail"},)
        yield bundle.manifest.model_copy(update={"flavours": flavours, "verdicts": verdicts})


def changed(manifest: Manifest, **update: Any) -> Manifest:
    """The manifest with a field of every flavour's needs changed."""
    flavours = tuple(
        item.model_copy(update={"requires": item.requires.model_copy(update=update)})
        for item in manifest.flavours
    )
    return manifest.model_copy(update={"flavours": flavours})


def test_the_smallest_without_a_failed_limit_is_taken(manifest: Manifest) -> None:
    assert chosen_flavour(manifest, TFLITE, (), "android").name == "middle"
    only = manifest.model_copy(update={"flavours": manifest.flavours[2:]})
    assert chosen_flavour(only, TFLITE, (), "android").name == "small"
    assert failed_limits(manifest, "small") == ["top1_drop"]
    assert failed_limits(manifest, "middle") == []


def test_a_named_flavour_is_taken(manifest: Manifest) -> None:
    assert chosen_flavour(manifest, TFLITE, ("large",), "android").name == "large"


def test_what_cannot_be_taken_is_told(manifest: Manifest) -> None:
    with pytest.raises(InputError, match=r"no flavour of this name(.|\n)*large, middle, small"):
        chosen_flavour(manifest, TFLITE, ("huge",), "android")
    apple = manifest.flavours[0].model_copy(update={"name": "apple", "kind": FlavourKind.COREML})
    both = manifest.model_copy(update={"flavours": (*manifest.flavours, apple)})
    with pytest.raises(
        InputError, match=r"takes a flavour of kind tflite\n  got: apple\n(.|\n)*large, middle, small"
    ):
        chosen_flavour(both, TFLITE, ("large", "apple"), "android")
    with pytest.raises(InputError, match="takes one flavour"):
        chosen_flavour(manifest, TFLITE, ("large", "small"), "android")
    with pytest.raises(InputError, match=r'needs a flavour of kind coreml(.|\n)*kind = "coreml"'):
        chosen_flavour(manifest, FlavourKind.COREML, (), "swift")


def test_a_newer_runtime_than_the_pinned_one_is_told(manifest: Manifest) -> None:
    newer = changed(manifest, tflite_runtime="2.99.0")
    with pytest.raises(UnsupportedError, match="no flavour fits --for android"):
        chosen_flavour(newer, TFLITE, (), "android")
    with pytest.raises(UnsupportedError, match="newer runtime"):
        chosen_flavour(newer, TFLITE, ("large",), "android")
