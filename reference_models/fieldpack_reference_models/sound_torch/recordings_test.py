"""Recordings come with fold, class and the spans where it is heard, or are refused with the reason."""

from __future__ import annotations

import csv
import os
import wave
from pathlib import Path

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack_reference_models.sound_torch.front_end import patch_input
from fieldpack_reference_models.sound_torch.recordings import (
    BIRDS,
    read_backgrounds,
    read_folds,
)

ROOT = Path(os.environ.get("FIELDPACK_DATA", Path(__file__).parents[4] / "shared" / "data"))
SPEC = patch_input().front_end
CLASSES = ("bird", "dog", "rain")


def _write(path: Path, seconds: float, rate: int = 16000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.sin(np.arange(int(seconds * rate)) * 0.1) * 9000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = ["file,class,fold"]
    for name, label, fold in (("a", "dog", "1"), ("b", "rain", "2"), ("c", "dog", "4")):
        _write(tmp_path / "audio" / f"{name}.wav", 0.5)
        rows.append(f"{name}.wav,{label},{fold}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for name in BIRDS:
        _write(tmp_path / "birds" / f"{name}.wav", 2.0)
    labels = "0.25\t0.5\tcall\n\\\t2000\t4000\n1.0\t2.5\tsong\n\\\t2000\t4000\n"
    (tmp_path / "birds" / "spinetail.txt").write_text(labels, encoding="utf-8")
    return tmp_path


def test_folds_and_birds_are_read_in_order(folder: Path) -> None:
    found = read_folds(folder, ("1", "2"), CLASSES, SPEC)
    assert found.names == ("a", "b", "spinetail", "BioDCASE26_TEST_0054_Common_Chaffinch")
    assert found.labels.tolist() == [1, 2, 0, 0]
    assert [len(sound) for sound in found.sounds] == [8000, 8000, 32000, 32000]
    assert found.spans[0] == ((0, 8000),)
    assert found.spans[2] == ((4000, 8000), (16000, 32000))
    assert len(found) == 4


def test_no_bird_is_read_where_there_is_no_such_class(folder: Path) -> None:
    assert read_folds(folder, ("1",), CLASSES[1:], SPEC).names == ("a",)


def test_backgrounds_have_no_labels(folder: Path) -> None:
    with pytest.raises(InputError, match="no background"):
        read_backgrounds(folder, SPEC)
    _write(folder / "soundscape_unlabelled" / "night.wav", 1.0)
    _write(folder / "birds" / "x_Background.wav", 0.5)
    assert [len(sound) for sound in read_backgrounds(folder, SPEC)] == [16000, 8000]


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("file,class\na.wav,dog\n", "lacks columns"),
        ("file,class,fold\na.wav,dog,7\n", "no recording"),
        ("file,class,fold\na.wav,cow,1\n", "classes that are not known: cow"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(folder: Path, manifest: str, message: str) -> None:
    (folder / "manifest.csv").write_text(manifest, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_folds(folder, ("1",), CLASSES, SPEC)


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_folds(tmp_path, ("1",), CLASSES, SPEC)


def test_no_source_recording_is_on_two_sides() -> None:
    manifest = ROOT / "sound" / "manifest.csv"
    if not manifest.is_file():
        pytest.skip(f"no recordings under {ROOT / 'sound'}; set FIELDPACK_DATA to a folder that has them")
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    folds: dict[str, set[str]] = {}
    for row in rows:
        folds.setdefault(row["freesound_id"], set()).add(row["fold"])
    assert {len(seen) for seen in folds.values()} == {1}
    assert {row["fold"] for row in rows} == {"1", "2", "3", "4"}
