"""The world: the same clip everywhere, callers where their description says, distance that is heard."""

import hashlib

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack_reference_models.dice import Dice
from fieldpack_reference_models.sound import world
from fieldpack_reference_models.sound.air import DISTANCES, carried
from fieldpack_reference_models.sound.calls import CALLERS, CLASSES
from fieldpack_reference_models.sound.voice import RATE_HZ, Sound, hiss

# Where the strongest frequency of a call lies, Hz.
STRONGEST = {
    "bee": (150, 600),
    "blackbird": (1200, 3700),
    "chiffchaff": (3000, 7100),
    "cicada": (4000, 8000),
    "cricket": (4100, 5400),
    "cuckoo": (490, 760),
    "frog": (550, 1150),
    "gull": (600, 3400),
    "owl": (290, 480),
    "toad": (1100, 1800),
    "warbler": (3300, 7400),
    "woodpecker": (800, 2000),
}


def _spectrum(sound: Sound) -> tuple[Sound, Sound]:
    frequency = np.asarray(np.fft.rfftfreq(len(sound), 1 / RATE_HZ), np.float64)
    return np.asarray(np.abs(np.fft.rfft(sound)), np.float64), frequency


@pytest.mark.parametrize("caller", CALLERS, ids=CLASSES)
def test_a_call_lies_where_its_kind_calls(caller: object) -> None:
    low, high = STRONGEST[caller.__name__]  # type: ignore[attr-defined]
    seen = set()
    for number in range(20):
        call = caller(Dice("call", number))  # type: ignore[operator]
        strength, frequency = _spectrum(call)
        assert low <= frequency[strength.argmax()] <= high
        assert 0.5 * RATE_HZ < len(call) <= 3 * RATE_HZ
        assert np.isfinite(call).all()
        seen.add(call.tobytes())
    assert len(seen) == 20


def test_a_clip_is_a_function_of_split_and_index() -> None:
    clips = [world.generate("test", index) for index in range(12)]
    assert [clip.label for clip in clips] == list(range(12))
    digest = hashlib.sha256()
    for clip in clips:
        digest.update((clip.samples * 32768).astype("<i2").tobytes())
    assert digest.hexdigest() == GOLDEN
    others = {world.generate(split, 3).samples.tobytes() for split in world.SPLITS}
    assert len(others) == len(world.SPLITS)


GOLDEN = "0367e949d7a2452e68ecd0209fb0e52f01701dfd7ca9a611f1c682f704fa56cf"
"""SHA-256 of the first twelve test clips as 16-bit samples."""


def test_samples_are_those_of_a_16_bit_file_at_the_level_that_the_slice_names() -> None:
    levels = {"quiet": (-36.1, -24), "middle": (-24, -12), "loud": (-12, -1)}
    seen = set()
    for index in range(60):
        clip = world.generate("train", index)
        assert clip.samples.dtype == np.float32
        assert clip.samples.shape == (world.SAMPLES,)
        whole = clip.samples.astype(np.float64) * 32768
        assert np.array_equal(whole, np.round(whole))
        low, high = levels[clip.slices["level"]]
        assert low <= 20 * np.log10(np.abs(clip.samples).max()) <= high + 0.01
        seen |= set(clip.slices.items())
    assert {key for key, _ in seen} == {"place", "distance", "company", "level"}
    assert len(seen) == 4 + 3 + 2 + 3


def test_distance_takes_the_treble_and_the_level() -> None:
    noise = hiss(Dice("noise"), RATE_HZ)
    heard = [carried(noise, distance, Dice("air")) for distance in DISTANCES]
    treble = []
    for sound in heard:
        strength, frequency = _spectrum(sound)
        power = strength**2
        treble.append(power[frequency > 4000].sum() / power.sum())
    assert treble[0] > treble[1] > treble[2]
    energy = [float((sound**2).sum()) for sound in heard]
    assert energy[0] > energy[1] > energy[2]


def test_a_dataset_names_its_clips_and_their_rate() -> None:
    rows = list(world.dataset("calibration", 13))
    assert rows[12][0] == "calibration/bee/0012"
    assert [row[2] for row in rows] == [*CLASSES, "bee"]
    samples, rate = rows[12][1]
    assert rate == 16_000
    assert np.array_equal(samples, world.generate("calibration", 12).samples)


def test_the_background_has_every_place_and_silence_and_no_label() -> None:
    rows = list(world.background("test", 10))
    assert [row[3]["place"] for row in rows] == ["rain", "still", "stream", "wind", "silence"] * 2
    assert all(row[2] is None for row in rows)
    assert len({row[1][0].tobytes() for row in rows}) == 9
    assert not rows[4][1][0].any()
    assert all(np.abs(row[1][0]).max() > 0.01 for row in rows if row[3]["place"] != "silence")


@pytest.mark.parametrize(("split", "index"), [("holdout", 0), ("test", -1)])
def test_what_the_world_lacks_is_refused(split: str, index: int) -> None:
    with pytest.raises(InputError):
        world.generate(split, index)
