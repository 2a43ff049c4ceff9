"""Limits of a manifest that would make the hostile cases large."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldpack.bundle.consistency import manifest_findings
from fieldpack.bundle.finding import Finding, FindingCode, one_line, printable, refuse
from fieldpack.bundle.manifest import FileEntry, Manifest
from fieldpack.bundle.paths import LARGEST_BUNDLE_BYTES, MOST_FILES
from fieldpack.bundle.read import open_bundle
from fieldpack.errors import BundleError
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
