"""Every front-end at every level, in silence, on a constant, clipped, at full scale, and with a NaN.

What is far below a sound's loudest part is rounding, in float32 as in any microphone. A sound that is nothing
else, silence or a constant, is therefore held in shares of what a tone at full scale spans.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldpack.contract import SpectrogramInput
from fieldpack.parity.front_end import gap_of, reference_of
from fieldpack_converters.front_end import in_numpy
from fieldpack_converters.front_end.operations import Graph
from fieldpack_converters.front_end.spectrogram import graph_of, transforms_of
from fieldpack_converters.front_end.testing import FRONT_ENDS, contract_of

SAMPLES, RATE_HZ = 8000, 16000
LEVELS_DBFS = (0.0, -6.0, -20.0, -40.0, -60.0)
TONE = np.sin(2 * np.pi * 997 * np.arange(SAMPLES) / RATE_HZ)
SOUNDS = {f"tone of {level:g} dBFS": 10 ** (level / 20) * TONE for level in LEVELS_DBFS} | {
    "a tone that is clipped": np.clip(20 * TONE, -1, 1),
    "a square at full scale": np.where(TONE >= 0, 1.0, -1.0),
    "a tone beside a constant": 0.3 * TONE + 0.5,
}
NOTHING = {"silence": np.zeros(SAMPLES), "a constant": np.full(SAMPLES, 0.5)}
MAX_DB, RMS_DB, SHARE = 0.01, 0.001, 1e-2
CASES = [(name, transform) for name in FRONT_ENDS for transform in transforms_of(contract_of(name).front_end)]


def opened(name: str, transform: str) -> tuple[SpectrogramInput, Graph]:
    contract = contract_of(name)
    return contract, graph_of(contract, *[transform] * len(contract.channels))


def run(graph: Graph, sound: NDArray[np.float64]) -> NDArray[np.float32]:
    made: NDArray[np.float32] = in_numpy.run(graph, sound[None].astype(np.float32), np.float32)[0]
    return made


@pytest.mark.parametrize(("name", "transform"), CASES)
def test_levels_clipping_and_full_scale_are_within_the_bar(name: str, transform: str) -> None:
    contract, graph = opened(name, transform)
    for words, sound in SOUNDS.items():
        gap = gap_of(reference_of(sound.astype(np.float32), contract), run(graph, sound), contract)
        assert (gap.max_db <= MAX_DB, gap.rms_db <= RMS_DB) == (True, True), words


@pytest.mark.parametrize(("name", "transform"), CASES)
def test_silence_and_a_constant_give_next_to_nothing(name: str, transform: str) -> None:
    contract, graph = opened(name, transform)
    span = float(np.ptp(reference_of(TONE.astype(np.float32), contract).patch))
    for words, sound in NOTHING.items():
        wanted = reference_of(sound.astype(np.float32), contract).patch
        assert np.abs(run(graph, sound) - wanted).max() <= SHARE * span, words


@pytest.mark.parametrize(("name", "transform"), CASES)
def test_a_nan_is_never_hidden(name: str, transform: str) -> None:
    _, graph = opened(name, transform)
    sound = TONE.copy()
    sound[SAMPLES // 2] = np.nan
    with np.errstate(invalid="ignore"):
        assert np.isnan(run(graph, sound)).any()


def test_a_level_is_a_shift_in_decibels() -> None:
    contract, graph = opened("decibel", "factored")
    loud, quiet = (run(graph, 10 ** (level / 20) * TONE) for level in (0.0, -60.0))
    near = reference_of(TONE.astype(np.float32), contract).heard
    assert near.any()
    assert np.abs(loud - quiet - 60.0)[near].max() <= 2 * MAX_DB
