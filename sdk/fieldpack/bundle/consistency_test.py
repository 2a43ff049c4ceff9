"""Limits of a manifest that would make the hostile cases large."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fieldpack.bundle.consistency import manifest_findings
from fieldpack.bundle.finding import Finding, FindingCode, one_line, printable, refuse
from fieldpack.bundle.manifest import FileEntry, FrontEndEntry, Manifest
from fieldpack.bundle.paths import LARGEST_BUNDLE_BYTES, MOST_FILES
from fieldpack.bundle.read import open_bundle
from fieldpack.errors import BundleError
from fieldpack.recordings.testing import tone_bundle
from fieldpack.testing import tiny_bundle


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    with open_bundle(tiny_bundle(tmp_path / "tiny")) as bundle:
        return bundle.manifest


def with_files(manifest: Manifest, more: dict[str, FileEntry]) -> list[str]:
    changed = manifest.model_copy(update={"files": {**manifest.files, **more}})
    return [finding.message for finding in manifest_findings(changed)]


def test_number_of_files(manifest: Manifest) -> None:
    entry = FileEntry(size_bytes=1, sha256="0" * 64)
    room = MOST_FILES - len(manifest.files)
    assert with_files(manifest, {f"x{number}": entry for number in range(room)}) == []
    found = with_files(manifest, {f"x{number}": entry for number in range(room + 1)})
    assert found == ["10001 files; at most 10000 are allowed"]


def test_size_of_all_files(manifest: Manifest) -> None:
    room = LARGEST_BUNDLE_BYTES - sum(entry.size_bytes for entry in manifest.files.values())
    assert with_files(manifest, {"x": FileEntry(size_bytes=room, sha256="0" * 64)}) == []
    found = with_files(manifest, {"x": FileEntry(size_bytes=room + 1, sha256="0" * 64)})
    assert found == ["2147483648 bytes in all; at most 2147483647 are allowed"]


@pytest.fixture
def front_end(tmp_path: Path) -> tuple[Manifest, dict[str, Any]]:
    """A sound bundle's manifest, and a front-end for it whose file is the flavour's."""
    with open_bundle(tone_bundle(tmp_path / "tones")) as bundle:
        manifest = bundle.manifest
    flavour = manifest.flavours[0]
    sound = {"name": "sound", "tensor": "sound", "shape": [1, 7936], "dtype": "float32"}
    words: dict[str, Any] = {
        "input": "spectrogram",
        "kind": "tflite",
        "path": "front_ends/spectrogram/model.tflite",
        "digest": flavour.digest,
        "installed_bytes": flavour.installed_bytes,
        "inputs": [sound],
        "outputs": [flavour.inputs[0].model_dump()],
        "requires": {"operators": {}},
        "transforms": ["factored"],
        "milliseconds": {"factored": 0.5},
        "max_db": 0.001,
        "rms_db": 0.0001,
    }
    listed = {**manifest.files, "front_ends/spectrogram/model.tflite": manifest.files[flavour.path]}
    return manifest.model_copy(update={"files": listed}), words


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, None),
        ({"input": "other"}, "front-end of other: the contract has no such spectrogram"),
        ({"digest": "0" * 64}, "front-end of spectrogram states another digest than files gives"),
        ({"installed_bytes": 1}, "front-end of spectrogram: installed_bytes is not the size of its files"),
        ({"path": "elsewhere"}, "front-end of spectrogram names it, files does not"),
        ({"path": "flavours/tflite-float32/model.tflite"}, "two flavours share flavours/tflite-float32"),
        ({"transforms": []}, "front-end of spectrogram has 0 transforms"),
        ({"shape": [1, 97, 16]}, "front-end of spectrogram makes spectrogram [97, 16], not [16, 97, 1]"),
    ],
)
def test_front_ends_fit_the_contract_and_the_files(
    front_end: tuple[Manifest, dict[str, Any]], wrong: dict[str, Any], words: str | None
) -> None:
    manifest, stated = front_end
    if "shape" in wrong:
        stated["outputs"][0]["shape"] = wrong["shape"]
        wrong = {}
    entry = FrontEndEntry.model_validate({**stated, **wrong})
    found = [item.message for item in manifest_findings(manifest.model_copy(update={"front_ends": (entry,)}))]
    assert len(found) == (words is not None)
    assert words is None or found[0].startswith(words)


def test_what_is_shown_is_safe_and_short() -> None:
    assert printable("a/b.txt") == "a/b.txt"
    assert printable("caf\u00e9\n\x1b[2J") == "'caf\\xe9\\n\\x1b[2J'"
    assert len(printable("x" * 10_000)) == 240
    assert one_line("a\n  b\t\x1b[2J\u202e") == "a b \\x1b[2J\\u202e"
    assert len(one_line("x" * 10_000)) == 2000


def test_an_error_lists_ten_findings_and_counts_the_rest() -> None:
    refuse("here", [])
    findings = [Finding(FindingCode.EXTRA, f"x{number}", "is extra") for number in range(12)]
    with pytest.raises(BundleError) as caught:
        refuse("here", findings)
    text = str(caught.value)
    assert "here is not a good bundle, 12 finding(s)" in text
    assert "extra: x9: is extra" in text
    assert "x10" not in text
    assert "and 2 more" in text
