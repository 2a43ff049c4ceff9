from __future__ import annotations

from pathlib import Path

import pytest

from fieldpack.errors import StorageError
from fieldpack.placement import place_file


@pytest.mark.parametrize("content", ["größer\n", b"\x00\xff"])
def test_a_file_takes_the_place_of_the_one_before(tmp_path: Path, content: str | bytes) -> None:
    target = tmp_path / "new" / "file"
    for given in ("before", content):
        place_file(target, given, "the file")
    assert target.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert list(target.parent.iterdir()) == [target]


def test_what_cannot_be_placed_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "inside").mkdir(parents=True)  # a folder, which no file can replace
    with pytest.raises(StorageError, match="the file cannot be written") as caught:
        place_file(target, "text", "the file")
    assert str(target) in (caught.value.came or "")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("place", [".", "/"])
def test_a_place_without_a_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match="the file cannot be written"):
        place_file(Path(place), "text", "the file")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("before")
    (tmp_path / ".target.part").symlink_to("/dev/full")
    with pytest.raises(StorageError, match="the file cannot be written") as caught:
        place_file(target, "text", "the file")
    assert "No space left" in (caught.value.came or "")
    assert (target.read_text(), list(tmp_path.iterdir())) == ("before", [target])
