"""FORMAT.md names what the code has, and its limits are the code's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from fieldpack.bundle import archive, document, manifest, paths
from fieldpack.bundle.manifest import FlavourKind, Manifest
from fieldpack.verdict import Verdict

TEXT = (Path(__file__).parent / "FORMAT.md").read_text(encoding="utf-8")
WORDS = {word for span in re.findall(r"`([^`\n]+)`", TEXT) for word in re.findall(r"[A-Za-z0-9_]+", span)}


def models(kind: Any) -> set[type[BaseModel]]:
    """The manifest's own classes: those of manifest.py and what they hold, short of contract and budget."""
    found: set[type[BaseModel]] = set()
    waiting: list[Any] = [kind]
    while waiting:
        item = waiting.pop()
        waiting += get_args(item)
        is_model = isinstance(item, type) and issubclass(item, BaseModel)
        if is_model and item not in found and item.__module__ in (manifest.__name__, "fieldpack.recipe"):
            found.add(item)
            waiting += [field.annotation for field in item.model_fields.values()]
    return found


def test_every_manifest_field_is_named() -> None:
    fields = {name for model in models(Manifest) for name in model.model_fields}
    assert {"schema_version", "zero_point", "matched", "source_digest", "sha256", "tolerance"} <= fields
    assert fields - WORDS == set()


def test_the_words_of_the_wire_are_named() -> None:
    assert {kind.value for kind in FlavourKind} <= WORDS
    assert set(Verdict.__slots__) <= WORDS
    assert {"every", "flavours", "inputs", "outputs", "labels"} <= WORDS


@pytest.mark.parametrize(
    "words",
    [
        f"{paths.LONGEST_PART} characters, a path at most {paths.LONGEST_PATH}",
        f"{paths.MOST_FILES:,} files and {paths.LARGEST_BUNDLE_BYTES:,} bytes".replace(",", " "),
        f"At most {document.LARGEST_MANIFEST_BYTES >> 20} MiB",
        f"schema {document.KNOWN_SCHEMAS[-1]}\n",
        f"`{paths._PART.pattern}`",
        f"made by 0x{archive._UNIX << 8 | archive._VERSION:04x}",
        f"version needed {archive._VERSION}, flags 0, time {archive._MIDNIGHT}",
        f"date 0x{archive._FIRST_OF_JANUARY_1980:04x}",
        f"0x{archive._MODE:08X}",
    ],
)
def test_limits_and_constants_agree(words: str) -> None:
    assert words.lower() in TEXT.lower()


def test_the_page_stays_short() -> None:
    assert len(TEXT.split()) < 1800
