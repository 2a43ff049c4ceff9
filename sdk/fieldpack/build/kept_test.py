from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fieldpack.build.kept import FACTS, Kept, Stored, once
from fieldpack.errors import StorageError

DECIDES: dict[str, Any] = {"step": "train", "seed": 1}


def _made(folder: Path, text: str = "weights") -> Stored:
    path = folder / "made.bin"
    path.write_text(text)
    return Stored({"parameters": 3}, {"model.bin": path})


def test_a_step_is_made_once_and_found_by_what_decides_it(tmp_path: Path) -> None:
    kept, runs = Kept(tmp_path / "kept"), []

    def make() -> Stored:
        runs.append(1)
        return _made(tmp_path)

    first, second = once(kept, DECIDES, make), once(kept, {"seed": 1, "step": "train"}, make)
    assert len(runs) == 1
    assert second.words == first.words == {"parameters": 3}
    assert second.files["model.bin"].read_text() == "weights"
    once(kept, DECIDES | {"seed": 2}, make)
    assert len(runs) == 2
    once(None, DECIDES, make)
    assert len(runs) == 3


@pytest.mark.parametrize("damage", ["model", "facts", "missing"])
def test_a_damaged_result_is_made_again(tmp_path: Path, damage: str) -> None:
    kept = Kept(tmp_path / "kept")
    kept.keep(DECIDES, _made(tmp_path))
    (folder,) = kept.root.iterdir()
    if damage == "missing":
        (folder / "model.bin").unlink()
    else:
        (folder / ("model.bin" if damage == "model" else FACTS)).write_text("{")
    assert kept.load(DECIDES) is None
    again = once(kept, DECIDES, lambda: _made(tmp_path, "better"))
    assert again.files["model.bin"].read_text() == "better"
    assert kept.load(DECIDES) is not None
    assert [path.name for path in kept.root.iterdir()] == [folder.name]


def test_a_result_that_is_there_stays_for_who_reads_it(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    kept.keep(DECIDES, _made(tmp_path, "first"))
    found = kept.load(DECIDES)
    kept.keep(DECIDES, _made(tmp_path, "second"))
    assert found is not None
    assert found.files["model.bin"].read_text() == "first"
    assert len(list(kept.root.iterdir())) == 1


def test_no_room_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="kept"):
        Kept(tmp_path / "kept" / "inside").keep(DECIDES, _made(tmp_path))
