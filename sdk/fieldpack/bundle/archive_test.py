"""The one-file form against zip files of other hands."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from fieldpack.bundle import archive
from fieldpack.bundle.archive import archive_order, read_index, write_archive
from fieldpack.errors import BundleError
from fieldpack.testing import tiny_bundle


def by_zipfile(folder: Path, names: list[str]) -> bytes:
    """The same archive from the standard library, told to write the few facts that FORMAT.md fixes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as target:
        for name in names:
            facts = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            facts.create_system, facts.external_attr = 3, 0o100644 << 16
            target.writestr(facts, (folder / name).read_bytes())
    return stream.getvalue()


def test_bytes_equal_those_of_the_standard_library(tmp_path: Path) -> None:
    folder = tiny_bundle(tmp_path / "tiny", folder_flavour=True)
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    ordered = ["manifest.json", "DIGEST", *sorted(set(names) - {"manifest.json", "DIGEST"})]
    assert archive_order(names) == ordered
    expected = by_zipfile(folder, ordered)
    tiny_bundle(tmp_path / "tiny.fieldpack", folder_flavour=True)
    assert (tmp_path / "tiny.fieldpack").read_bytes() == expected
    index = read_index(io.BytesIO(expected))
    assert index.findings == ()
    assert [entry.name for entry in index.entries] == ordered
    for entry in index.entries:
        assert expected[entry.data_offset : entry.end] == (folder / entry.name).read_bytes()


def test_empty_and_large_files(tmp_path: Path) -> None:
    (tmp_path / "empty.bin").write_bytes(b"")
    (tmp_path / "large.bin").write_bytes(bytes(range(256)) * 10_000)
    names = ["empty.bin", "large.bin"]
    stream = io.BytesIO()
    write_archive(stream, tmp_path, names)
    assert stream.getvalue() == by_zipfile(tmp_path, names)


def test_the_limits_of_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(bytes(100))
    length = 100 + 30 + 1 + 46 + 1 + 22
    monkeypatch.setattr(archive, "LARGEST_BUNDLE_BYTES", length)
    stream = io.BytesIO()
    write_archive(stream, tmp_path, ["a"])
    assert len(stream.getvalue()) == length
    monkeypatch.setattr(archive, "LARGEST_BUNDLE_BYTES", length - 1)
    with pytest.raises(BundleError, match="too large for one file"):
        write_archive(io.BytesIO(), tmp_path, ["a"])
    assert read_index(stream).findings != ()


def test_more_than_two_gigabytes_are_refused_before_a_byte_is_written(tmp_path: Path) -> None:
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(2**31)
    stream = io.BytesIO()
    with pytest.raises(BundleError, match="too large for one file"):
        write_archive(stream, tmp_path, ["huge.bin"])
    assert stream.getvalue() == b""
