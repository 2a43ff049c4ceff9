"""The front-end against librosa, step by step, and against sums written out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.contract import Mel, MelSpec, SpectrogramInput
from fieldpack.contract.sound import Silence
from fieldpack.errors import InputError
from fieldpack.preprocess.mel import mel_filters
from fieldpack.preprocess.silence import without_silence
from fieldpack.preprocess.spectrogram import patches, spectrogram, stft_magnitude, trimmed

NEEDS_SOUND = 'pip install "fieldpack[sound]"'
LINEAR = {"kind": "linear"}
DECIBEL = {"kind": "decibel", "floor": 1e-10, "reference": "clip_max", "top_db": 80.0}
SLANEY = {"bands": 64, "fmin_hz": 20.0, "fmax_hz": 7500.0, "scale": "slaney", "norm": "slaney"}
HTK = {"bands": 40, "fmin_hz": 125.0, "fmax_hz": 7500.0, "scale": "htk", "norm": "none"}


def front_end(**changes: Any) -> MelSpec:
    windows = {"samples": "none", "overlap": 0.25, "last": "drop", "pooling": "mean"}
    windows |= changes.pop("windows", {})
    return MelSpec.model_validate(
        {
            "sample_rate_hz": 16000,
            "resampler": {"kind": "soxr_hq"},
            "channel_mix": "mean",
            "low_rate": "refuse",
            "min_seconds": 0.0,
            "max_seconds": 60.0,
            "remove_silence": "none",
            "n_fft": 512,
            "win_length": 400,
            "hop_length": 160,
            "window": "hann",
            "center": True,
            "pad_mode": "constant",
            "power": 2,
            "mel": "none",
            "log": LINEAR,
            "normalization": "none",
            "windows": windows,
        }
        | changes
    )


def patch_input(frames: int, axes: tuple[str, ...] = ("band", "frame"), **changes: Any) -> SpectrogramInput:
    made = front_end(**changes)
    return SpectrogramInput(
        kind="spectrogram", name="spec", bands=made.bands, frames=frames, axes=axes, front_end=made
    )


def sound(seconds: float = 1.0, seed: int = 0) -> np.ndarray:
    """A chirp over noise."""
    time = np.arange(int(seconds * 16000)) / 16000
    chirp = 0.5 * np.sin(2 * np.pi * (300 + 2500 * time / max(seconds, 1e-9)) * time)
    return (chirp + 0.01 * np.random.default_rng(seed).normal(size=time.size)).astype(np.float32)


def test_stft_equals_the_sum_written_out() -> None:
    made = front_end(n_fft=16, win_length=10, hop_length=5, center=False, power=1)
    samples = sound()[:40]
    window = [0.5 - 0.5 * np.cos(2 * np.pi * n / 10) for n in range(10)]
    for frame in range(5):
        for k in range(9):
            total = sum(
                window[n] * float(samples[frame * 5 + 3 + n]) * np.exp(-2j * np.pi * k * (n + 3) / 16)
                for n in range(10)
            )
            assert abs(stft_magnitude(samples, made)[k, frame] - abs(total)) < 1e-12
    assert stft_magnitude(samples, made).shape == (9, 5)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("pad_mode", ["constant", "reflect"])
@pytest.mark.parametrize("sizes", [(512, 400, 160), (1024, 1024, 320), (512, 511, 258)])
def test_stft_equals_librosa(center: bool, pad_mode: str, sizes: tuple[int, int, int]) -> None:
    librosa = pytest.importorskip("librosa", reason=NEEDS_SOUND)
    n_fft, win_length, hop_length = sizes
    made = front_end(
        n_fft=n_fft, win_length=win_length, hop_length=hop_length, center=center, pad_mode=pad_mode
    )
    reference = np.abs(
        librosa.stft(
            sound().astype(np.float64),
            n_fft=n_fft,
            win_length=win_length,
            hop_length=hop_length,
            center=center,
            pad_mode=pad_mode,
        )
    )
    ours = stft_magnitude(sound(), made)
    assert ours.shape == reference.shape
    assert np.abs(ours - reference).max() < 1e-10 * reference.max()


@pytest.mark.parametrize("scale", ["slaney", "htk"])
@pytest.mark.parametrize("norm", ["slaney", "none"])
def test_mel_filters_equal_librosa(scale: str, norm: str) -> None:
    librosa = pytest.importorskip("librosa", reason=NEEDS_SOUND)
    mel = Mel.model_validate(SLANEY | {"scale": scale, "norm": norm})
    reference = librosa.filters.mel(
        sr=16000,
        n_fft=1024,
        n_mels=64,
        fmin=20.0,
        fmax=7500.0,
        htk=scale == "htk",
        norm=None if norm == "none" else norm,
        dtype=np.float64,
    )
    assert np.abs(mel_filters(mel, 16000, 1024) - reference).max() < 1e-12 * reference.max()


def test_htk_filter_peaks_where_the_formula_says() -> None:
    mel = Mel.model_validate(HTK | {"bands": 1, "fmin_hz": 0.0, "fmax_hz": 8000.0})
    peak_hz = 700 * ((1 + 8000 / 700) ** 0.5 - 1)
    assert abs(mel_filters(mel, 16000, 4096)[0].argmax() * 16000 / 4096 - peak_hz) < 16000 / 4096


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("top_db", [80.0, "none"])
@pytest.mark.parametrize("reference_power", ["clip_max", 1.0])
def test_decibel_mel_equals_librosa(power: int, top_db: float | str, reference_power: float | str) -> None:
    librosa = pytest.importorskip("librosa", reason=NEEDS_SOUND)
    log = DECIBEL | {"top_db": top_db, "reference": reference_power}
    made = front_end(n_fft=1024, win_length=1024, hop_length=320, mel=SLANEY, log=log, power=power)
    values = librosa.feature.melspectrogram(
        y=sound().astype(np.float64),
        sr=16000,
        n_fft=1024,
        hop_length=320,
        n_mels=64,
        fmin=20,
        fmax=7500,
        power=power,
    )
    convert = librosa.power_to_db if power == 2 else librosa.amplitude_to_db
    limit = None if top_db == "none" else top_db
    reference = convert(values, ref=np.max if reference_power == "clip_max" else 1.0, top_db=limit)
    ours = spectrogram(sound(), made)
    assert ours.shape == reference.shape
    assert np.abs(ours - reference).max() < 1e-4


def test_natural_log_mel_equals_librosa() -> None:
    librosa = pytest.importorskip("librosa", reason=NEEDS_SOUND)
    made = front_end(center=False, power=1, mel=HTK, log={"kind": "ln", "offset": 1e-4})
    values = librosa.feature.melspectrogram(
        y=sound().astype(np.float64),
        sr=16000,
        n_fft=512,
        win_length=400,
        hop_length=160,
        n_mels=40,
        fmin=125,
        fmax=7500,
        power=1,
        center=False,
        htk=True,
        norm=None,
    )
    assert np.abs(spectrogram(sound(), made) - np.log(values + 1e-4)).max() < 1e-5


@pytest.mark.parametrize("frame", [(3200, 3200), (2048, 512), (512, 700)])
@pytest.mark.parametrize("seed", range(6))
def test_silence_removal_equals_librosa(frame: tuple[int, int], seed: int) -> None:
    librosa = pytest.importorskip("librosa", reason=NEEDS_SOUND)
    rng = np.random.default_rng(seed)
    levels = rng.choice([0.0, 1e-5, 1e-3, 0.1, 1.0], size=9)
    parts = [level * rng.normal(size=rng.integers(1, 5000)) for level in levels]
    samples = np.concatenate(parts).astype(np.float32)
    pieces = librosa.effects.split(samples, top_db=40, frame_length=frame[0], hop_length=frame[1])
    reference = np.concatenate([samples[start:end] for start, end in pieces])
    rule = Silence(top_db=40.0, frame_length=frame[0], hop_length=frame[1])
    assert np.array_equal(without_silence(samples, rule), reference)


def test_silence_stays_where_there_is_nothing_else() -> None:
    rule = Silence(top_db=60.0, frame_length=3200, hop_length=3200)
    assert without_silence(np.zeros(10000, np.float32), rule).shape == (10000,)


def test_short_clips_are_repeated_and_long_ones_cut() -> None:
    clip = np.arange(5, dtype=np.float32)
    made = front_end(sample_rate_hz=1000, min_seconds=0.012, max_seconds=0.02)
    assert trimmed(clip, 1000, made).tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    assert trimmed(np.arange(50, dtype=np.float32), 1000, made).tolist() == list(range(20))


@pytest.mark.parametrize(
    ("last", "starts"), [("drop", [0, 15, 30]), ("pad", [0, 15, 30, 45]), ("shift", [0, 15, 30, 32])]
)
def test_patches_are_cut_from_the_spectrogram(last: str, starts: list[int]) -> None:
    spec = patch_input(20, windows={"last": last})
    clip = sound()[: 160 * 51]
    whole = spectrogram(clip, spec.front_end)
    assert whole.shape[1] == 52
    made = patches(clip, 16000, spec)
    assert made.shape == (len(starts), 257, 20)
    assert made.dtype == np.float32
    padded = np.pad(whole, ((0, 0), (0, 20)), constant_values=whole.min())
    wanted = np.stack([padded[:, start : start + 20] for start in starts]).astype(np.float32)
    assert np.array_equal(made, wanted)


def test_windows_of_sound_have_spectrograms_of_their_own() -> None:
    changes: dict[str, Any] = {"windows": {"samples": 4000, "overlap": 0.5, "last": "shift"}, "log": DECIBEL}
    spec = patch_input(25, **changes)
    clip = sound()[:9000]
    made = patches(clip, 16000, spec)
    wanted = [
        spectrogram(clip[start : start + 4000], spec.front_end)[:, :25] for start in (0, 2000, 4000, 5000)
    ]
    assert np.array_equal(made, np.stack(wanted).astype(np.float32))
    assert made.max(axis=(1, 2)).tolist() == [0.0] * 4


def test_normalisations() -> None:
    clip = sound()
    plain = patches(clip, 16000, patch_input(40, power=1))
    spread = patches(clip, 16000, patch_input(40, power=1, normalization="patch_mean_std"))
    assert np.abs(spread.mean(axis=(1, 2))).max() < 1e-5
    assert np.abs(spread.std(axis=(1, 2)) - 1).max() < 1e-5
    unit = patches(clip, 16000, patch_input(40, power=1, normalization="patch_min_max"))
    assert unit.min(axis=(1, 2)).tolist() == [0.0] * len(unit)
    assert np.abs(unit.max(axis=(1, 2)) - 1).max() < 1e-6
    scaled = patches(clip, 16000, patch_input(40, power=1, normalization="clip_max"))
    assert np.allclose(scaled, plain / spectrogram(clip, front_end(power=1)).max(), rtol=1e-5)


def test_axes_are_ordered() -> None:
    plain = patches(sound(), 16000, patch_input(40))
    turned = patches(sound(), 16000, patch_input(40, axes=("frame", "band", "channel")))
    assert np.array_equal(turned, plain.transpose(0, 2, 1)[..., None])


@pytest.mark.parametrize("normalization", ["none", "patch_mean_std", "patch_min_max", "clip_max"])
@pytest.mark.parametrize("log", [LINEAR, DECIBEL, {"kind": "ln", "offset": 1e-4}])
def test_silence_gives_finite_numbers(normalization: str, log: dict[str, Any]) -> None:
    made = patches(np.zeros(16000, np.float32), 16000, patch_input(40, normalization=normalization, log=log))
    assert np.isfinite(made).all()


def test_too_little_sound_is_refused() -> None:
    with pytest.raises(InputError, match="too short for one patch"):
        patches(sound()[:1000], 16000, patch_input(40))
    with pytest.raises(InputError, match="without samples"):
        patches(np.zeros(0, np.float32), 16000, patch_input(40))
    with pytest.raises(InputError, match="too few frames"):
        patches(sound(), 16000, patch_input(40, windows={"samples": 4000}))
    assert patches(sound()[:1000], 16000, patch_input(40, windows={"last": "pad"})).shape == (1, 257, 40)
    assert patches(sound()[:1000], 16000, patch_input(40, windows={"last": "shift"})).shape == (1, 257, 40)


def test_impossible_front_ends_are_refused() -> None:
    for changes in (
        {"win_length": 600},
        {"mel": HTK | {"fmax_hz": 9000.0}},
        {"min_seconds": 61.0},
        {"log": {"kind": "ln", "offset": 0.0}},
    ):
        with pytest.raises(ValueError, match=r"must|greater"):
            front_end(**changes)
