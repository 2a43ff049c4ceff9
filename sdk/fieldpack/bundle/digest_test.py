"""Digests against hashlib and a hand-made table."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from fieldpack.bundle.digest import (
    content_digest,
    file_entry,
    folder_entries,
    listed_digest,
    sha256_bytes,
    sha256_file,
    tree_digest,
)
from fieldpack.errors import BundleError, StorageError


def test_files_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1
    assert sha256_bytes(b"abc") == sha256_file(tmp_path / "a") == content_digest(tmp_path / "a") == known
    assert file_entry(tmp_path / "a").size_bytes == 3


def test_tree_digest_is_the_hash_of_the_written_table(tmp_path: Path) -> None:
    (tmp_path / "m" / "b").mkdir(parents=True)
    (tmp_path / "m" / "b" / "x").write_bytes(b"1")
    (tmp_path / "m" / "B").write_bytes(b"22")
    lines = [f"{hashlib.sha256(b'22').hexdigest()} 2 B\n", f"{hashlib.sha256(b'1').hexdigest()} 1 b/x\n"]
    expected = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert tree_digest(folder_entries(tmp_path / "m")) == expected
    assert content_digest(tmp_path / "m") == expected
    files = folder_entries(tmp_path)
    assert listed_digest("m", files) == expected
    assert listed_digest("m/b/x", files) == hashlib.sha256(b"1").hexdigest()
    assert listed_digest("m/", files) is None
    assert listed_digest("n", files) is None


def test_every_fact_of_the_table_counts(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    entries = folder_entries(tmp_path)
    seen = {tree_digest(entries), tree_digest({}), tree_digest({"b": entries["a"]})}
    seen.add(tree_digest({"a": entries["a"].model_copy(update={"size_bytes": 2})}))
    seen.add(tree_digest({"a": entries["a"].model_copy(update={"sha256": "0" * 64})}))
    assert len(seen) == 5


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        sha256_file(tmp_path / "none")
    with pytest.raises(StorageError, match="cannot be read"):
        file_entry(tmp_path / "none")
    (tmp_path / "link").symlink_to("/etc/hostname")
    with pytest.raises(BundleError, match="only files and folders"):
        content_digest(tmp_path)
