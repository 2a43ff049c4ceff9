"""A recording of the generated dusk: callers in turn and at once, with the truth beside it.

``python -m fieldpack_reference_models.sound.evening --out dusk.wav`` writes a 16-bit WAV file, and what calls
when as Audacity labels in ``dusk.txt``.
"""

from __future__ import annotations

import argparse
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError
from fieldpack_reference_models.dice import Dice
from fieldpack_reference_models.sound.air import DISTANCES, NOISE_DB, PLACES, carried, decibels
from fieldpack_reference_models.sound.calls import CALLERS, CLASSES
from fieldpack_reference_models.sound.voice import RATE_HZ, count


@dataclass(frozen=True, slots=True)
class Heard:
    """One call in a recording: seconds from its start, and who calls."""

    start_s: float
    end_s: float
    label: str


@dataclass(frozen=True, slots=True)
class Evening:
    """A recording at 16 kHz, float32 [n] in -1..1, and the calls in it by their starts."""

    samples: NDArray[np.float32]
    calls: tuple[Heard, ...]


def evening(number: int, seconds: float) -> Evening:
    """Make one recording.

    Parameters
    ----------
    number : int
        From 0 up: another evening.
    seconds : float
        Length, at least 4.

    Raises
    ------
    InputError
        If the length is not allowed.
    """
    if not seconds >= 4:
        raise InputError("An evening is too short for a call.", came=seconds, allowed="4 seconds or more")
    dice = Dice("fieldpack-sound-evening-1", number)
    place = dice.pick(tuple(PLACES))
    whole = decibels(NOISE_DB[place][0]) * _noise(dice, place, count(seconds))
    calls, now = [], dice.between(0.3, 1.0)
    while True:
        label = dice.whole(0, len(CLASSES) - 1)
        call = CALLERS[label](dice)
        length = len(call) / RATE_HZ
        if now + length > seconds:
            break
        call = carried(call / np.abs(call).max(), dice.pick(tuple(DISTANCES)), dice)
        whole[count(now) : count(now) + len(call)] += call
        calls.append(Heard(round(now, 3), round(now + length, 3), CLASSES[label]))
        now += max(0.3, length + dice.between(-0.6, 2.2))  # some begin before the last one ends
    quiet = whole / np.abs(whole).max() * decibels(-3)
    return Evening((np.round(quiet * 32767) / 32768).astype(np.float32), tuple(calls))


def _noise(dice: Dice, place: str, samples: int) -> NDArray[np.float64]:
    noise = PLACES[place](dice, samples)
    return noise / max(float(np.sqrt(np.mean(noise**2))), 1e-12)


def write(made: Evening, path: Path) -> None:
    """Write the WAV file, and Audacity labels with the suffix ``.txt``."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((made.samples * 32768).astype("<i2").tobytes())
    lines = [f"{call.start_s:.3f}\t{call.end_s:.3f}\t{call.label}\n" for call in made.calls]
    path.with_suffix(".txt").write_text("".join(lines), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one recording and its truth."""
    parser = argparse.ArgumentParser(
        prog="python -m fieldpack_reference_models.sound.evening", description="Writes a generated recording."
    )
    parser.add_argument("--out", type=Path, required=True, help="WAV file")
    parser.add_argument("--seconds", type=float, default=30.0, help="length, 30 s unless told")
    parser.add_argument("--number", type=int, default=0, help="another number, another evening")
    options = parser.parse_args(arguments)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write(evening(options.number, options.seconds), options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
