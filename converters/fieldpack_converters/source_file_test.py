"""Files that are not the model they claim to be, refused before any framework is imported."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from fieldpack.errors import SourceError, SpecError
from fieldpack_converters.keras_source import missing_class
from fieldpack_converters.source import open_source
from fieldpack_converters.source_file import check_zip, digest_of
from fieldpack_converters.torch_source import common_prefix


def archive(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as target:
        for name in names:
            target.writestr(name, "x" * 5000)
    return path


@pytest.mark.parametrize(
    ("kind", "name"), [("keras", "model.keras"), ("keras", "model.h5"), ("keras_legacy", "model.h5")]
)
@pytest.mark.parametrize("content", [b"", b"\x00" * 40, b"<!DOCTYPE html><html>not found</html>"])
def test_hostile_files_are_named_with_their_size(
    tmp_path: Path, kind: str, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError) as caught:
        open_source({"kind": kind, "path": str(tmp_path / name)})
    assert f"{name} ({len(content)} bytes)" in caught.value.what
    assert caught.value.allowed


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    whole = archive(tmp_path / "whole.keras", "config.json", "model.weights.h5").read_bytes()
    (tmp_path / "cut.keras").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="cut"):
        open_source({"kind": "keras", "path": str(tmp_path / "cut.keras")})


def test_an_archive_with_an_altered_byte_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "model.keras", "config.json")
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(SourceError):
        check_zip(path, "an archive", "config.json")


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "model.keras", "holiday.jpg")
    with pytest.raises(SourceError) as caught:
        open_source({"kind": "keras", "path": str(path)})
    assert "no config.json among its 1 parts" in str(caught.value)


@pytest.mark.parametrize("kind", ["keras", "keras_legacy", "saved_model", "torch", "torch_export", "onnx"])
def test_a_missing_file_is_named(tmp_path: Path, kind: str) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        open_source({"kind": kind, "path": str(tmp_path / "nothing"), "factory": "a:b"})


def test_a_folder_without_a_saved_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        open_source({"kind": "saved_model", "path": str(tmp_path)})
    assert caught.value.came == "no saved_model.pb"


def test_an_unknown_kind_lists_the_known_ones() -> None:
    with pytest.raises(SpecError) as caught:
        open_source({"kind": "caffe", "path": "x"})
    assert "torch_export" in str(caught.value.allowed)


def test_the_digest_depends_on_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_bytes(b"12")
    first = digest_of(tmp_path / "a")
    (tmp_path / "a" / "one").write_bytes(b"13")
    second = digest_of(tmp_path / "a")
    (tmp_path / "a" / "one").rename(tmp_path / "a" / "two")
    assert len({first, second, digest_of(tmp_path / "a")}) == 3


def test_the_digest_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert digest_of(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("Could not locate class 'PWLMagnitude'. Make sure custom classes are decorated", "PWLMagnitude"),
        ("Unknown layer: 'Squash'. Please ensure you are using a", "Squash"),
        ("Unknown layer: Squash. Please ensure", "Squash"),
        ("Unable to open file", None),
    ],
)
def test_the_class_is_read_out_of_the_message(message: str, name: str | None) -> None:
    assert missing_class(message) == name


def test_prefixes_are_found_only_where_all_keys_carry_them() -> None:
    assert common_prefix(["module.a.w", "module.b"], ["a.w", "b"]) == "module."
    assert common_prefix(["module.a.w", "b"], ["a.w", "b"]) is None
    assert common_prefix(["a.w", "b"], ["a.w", "b"]) is None
    assert common_prefix(["x", "y"], ["a", "b"]) is None
