"""The recordings: ESC-10 by fold, a few bird calls, and soundscapes that serve as background only."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.sound import SoundSpec
from fieldpack.errors import InputError
from fieldpack.preprocess.resampler import Samples, resample
from fieldpack.preprocess.sound import open_sound

COLUMNS = ("file", "class", "fold")
BIRD = "bird"
# Recording -> fold. Folds of ESC-10 share no source recording; those of birds are put apart likewise.
BIRDS = {
    "spinetail": "1",
    "BioDCASE26_TEST_0054_Common_Chaffinch": "2",
    "BioDCASE26_TEST_0102_Common_Chiffchaff": "3",
    "BioDCASE26_TEST_0155_Eurasian_Blackbird": "4",
    "BioDCASE26_TEST_0353_Great_Tit": "4",
}
BACKGROUNDS = ("soundscape_unlabelled/*.wav", "birds/*_Background.wav")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Recordings:
    """Labelled recordings at one rate.

    Attributes
    ----------
    names : tuple of str
        File names without their endings.
    sounds : tuple of ndarray
        float32 [n], mono, in -1..1.
    spans : tuple of tuple of (int, int)
        For each recording the samples, first and one past the last, where its class is heard.
    labels : ndarray
        int64 [N], index into the list of labels.
    """

    names: tuple[str, ...]
    sounds: tuple[Samples, ...]
    spans: tuple[tuple[Span, ...], ...]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


def read_folds(folder: Path, folds: Sequence[str], classes: Sequence[str], spec: SoundSpec) -> Recordings:
    """Read the recordings of some folds.

    Parameters
    ----------
    folder : Path
        Holds ``manifest.csv`` with the columns ``file``, ``class`` and ``fold``, the files in ``audio/``,
        and ``birds/``.
    folds : sequence of str
        Values of the column ``fold``.
    classes : sequence of str
        Labels in output order; bird recordings are read where "bird" is among them.
    spec : SoundSpec
        Rate that sounds are brought to, and how.

    Returns
    -------
    Recordings
        In the order of the manifest, birds last.

    Raises
    ------
    InputError
        The manifest is missing or lacks a column, the folds are empty, a class is not known, or a file is
        damaged.
    """
    rows = [row for row in _rows(folder / "manifest.csv") if row["fold"] in folds]
    unknown = sorted({row["class"] for row in rows} - set(classes))
    if not rows or unknown:
        raise InputError(
            f"The folds {', '.join(folds)} of {folder} cannot be used.",
            came="no recording" if not rows else f"classes that are not known: {', '.join(unknown[:5])}",
            allowed="at least one recording, each of one of the classes of labels.txt",
        )
    files = [(folder / "audio" / row["file"], row["class"]) for row in rows]
    if BIRD in classes:
        files += [(folder / "birds" / f"{name}.wav", BIRD) for name, fold in BIRDS.items() if fold in folds]
    sounds = tuple(_sound(path, spec) for path, _ in files)
    spans = tuple(
        _spans(path, len(one), spec.sample_rate_hz) for (path, _), one in zip(files, sounds, strict=True)
    )
    labels = np.array([tuple(classes).index(label) for _, label in files], np.int64)
    return Recordings(tuple(path.stem for path, _ in files), sounds, spans, labels)


def read_backgrounds(folder: Path, spec: SoundSpec) -> tuple[Samples, ...]:
    """Every recording that only serves as background, float32 [n] each, in name order."""
    found = [path for pattern in BACKGROUNDS for path in sorted(folder.glob(pattern))]
    if not found:
        raise InputError(f"{folder} has no background", allowed=" or ".join(BACKGROUNDS))
    return tuple(_sound(path, spec) for path in found)


def _rows(manifest: Path) -> list[dict[str, str]]:
    try:
        with manifest.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{manifest} lacks columns", came=", ".join(missing), allowed=", ".join(COLUMNS)
                )
            return list(reader)
    except OSError as error:
        raise InputError(
            f"{manifest} cannot be read", came=error.strerror, hint="name the folder that holds the sounds"
        ) from error


def _sound(path: Path, spec: SoundSpec) -> Samples:
    samples, rate = open_sound(path, spec.channel_mix)
    return resample(samples, rate, spec.sample_rate_hz, spec.resampler)


def _spans(path: Path, length: int, rate_hz: int) -> tuple[Span, ...]:
    """The labelled spans where a file of Audacity labels lies beside the recording, else all of it."""
    labels = path.with_suffix(".txt")
    if not labels.is_file():
        return ((0, length),)
    rows = [line.split("\t") for line in labels.read_text(encoding="utf-8").splitlines()]
    # A line that begins with a backslash holds the band in Hz of the label before it.
    found = [(float(row[0]), float(row[1])) for row in rows if row[0] != "\\"]
    return tuple((round(start * rate_hz), min(length, round(end * rate_hz))) for start, end in found)
