"""The front-end against librosa, step by step, and against sums written out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from fieldpack.contract import Mel, MelSpec, SpectrogramInput
from fieldpack.contract.sound import Silence, ValueScale
from fieldpack.contract.spectrogram import Linear, Pcen
from fieldpack.errors import InputError
from fieldpack.preprocess.compression import smoothed
from fieldpack.preprocess.mel import mel_filters
from fieldpack.preprocess.silence import without_silence
from fieldpack.preprocess.spectrogram import (
    patches,
    spectrogram,
    stft,
    taken_over_clip,
    trimmed,
    window_of,
    window_samples,
)
from fieldpack.preprocess.value_scale import scaled

VALUE_SCALE: TypeAdapter[ValueScale] = TypeAdapter(ValueScale)
NEEDS_SOUND = 'pip install "fieldpack[sound]"'
LINEAR = {"kind": "linear"}
LN = {"kind": "ln", "floor": 1e-4, "floor_kind": "added", "factor": 1.0}
ROOT = {"kind": "root", "exponent": 0.23}
PCEN = {
    "kind": "pcen",
    "gain": 0.98,
    "bias": 2.0,
    "exponent": 0.5,
    "smoothing": 0.025,
    "epsilon": 1e-6,
    "initial": "one",
}
DECIBEL = {"kind": "decibel", "floor": 1e-10, "reference": "clip_max", "top_db": 80.0}
SLANEY = {
    "bands": 64,
    "fmin_hz": 20.0,
    "fmax_hz": 7500.0,
    "scale": "slaney",
    "norm": "slaney",
    "triangles": "hz",
}
HTK = {"bands": 40, "fmin_hz": 125.0, "fmax_hz": 7500.0, "scale": "htk", "norm": "none", "triangles": "hz"}


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
            "window_at": "centre",
            "stft_scale": "none",
            "spectrum": "magnitude",
            "band_order": "rising",
            "value_scale": {"kind": "unit"},
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
            assert abs(stft(samples, made)[k, frame] - total) < 1e-12
    assert stft(samples, made).shape == (9, 5)


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
    ours = np.abs(stft(sound(), made))
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
    made = front_end(
        center=False,
        power=1,
        mel=HTK,
        log=LN,
    )
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


def test_least_floor_and_factor_of_the_natural_log() -> None:
    log = {"kind": "ln", "floor": 0.01, "floor_kind": "least", "factor": 0.1}
    plain = spectrogram(sound(), front_end(mel=HTK))
    assert np.allclose(
        spectrogram(sound(), front_end(mel=HTK, log=log)), 0.1 * np.log(np.maximum(plain, 0.01))
    )
    assert (plain < 0.01).any()


@pytest.mark.parametrize("power", [1, 2])
def test_root_is_a_power_of_librosas_mel(power: int) -> None:
    librosa = pytest.importorskip("librosa", reason=NEEDS_SOUND)
    values = librosa.feature.melspectrogram(
        y=sound().astype(np.float64),
        sr=16000,
        n_fft=512,
        win_length=400,
        hop_length=160,
        n_mels=64,
        fmin=20,
        fmax=7500,
        power=power,
        dtype=np.float64,
    )
    made = spectrogram(sound(), front_end(mel=SLANEY, power=power, log=ROOT))
    assert np.abs(made - values**0.23).max() < 1e-6 * made.max()


@pytest.mark.parametrize("gain", [0.98, 0.5])
@pytest.mark.parametrize("value_scale", ["unit", "int16"])
def test_energy_normalisation_equals_librosa(gain: float, value_scale: str) -> None:
    librosa = pytest.importorskip("librosa", reason=NEEDS_SOUND)
    made = front_end(power=1, mel=SLANEY, log=PCEN | {"gain": gain}, value_scale={"kind": value_scale})
    values = spectrogram(sound(), made.model_copy(update={"log": Linear(kind="linear")}))
    reference = librosa.pcen(
        values, sr=16000, hop_length=160, gain=gain, bias=2.0, power=0.5, eps=1e-6, b=0.025
    )
    assert np.abs(spectrogram(sound(), made) - reference).max() < 1e-9 * reference.max()


def test_energy_normalisation_may_begin_with_the_first_frame() -> None:
    constant = np.full((3, 5), 4.0)
    log = Pcen.model_validate(PCEN | {"initial": "first_frame"})
    assert np.allclose(smoothed(constant, log), 4.0)
    rising = smoothed(constant, Pcen.model_validate(PCEN))
    assert np.allclose(rising[0], 4 - 3 * 0.975 ** np.arange(1, 6))


def test_window_sum_is_scipys_scale() -> None:
    signal = pytest.importorskip("scipy.signal", reason=NEEDS_SOUND)
    _, _, reference = signal.stft(
        sound().astype(np.float64), nperseg=512, noverlap=352, boundary="zeros", padded=False
    )
    ours = stft(sound(), front_end(win_length=512, stft_scale="window_sum"))
    assert ours.shape == reference.shape
    assert np.abs(np.abs(ours) - np.abs(reference)).max() < 1e-12


def test_symmetric_window_is_numpys() -> None:
    made = front_end(window="hann_symmetric", win_length=400)
    assert np.allclose(window_of(made)[56:456], np.hanning(400))
    assert not np.allclose(window_of(made), window_of(front_end(win_length=400)), atol=1e-4)


def test_window_at_the_start_makes_more_frames_of_the_same_sound() -> None:
    start = front_end(center=False, window_at="start", power=1)
    assert stft(sound()[:15600], start).shape[1] == 96
    assert stft(sound()[:15600], front_end(center=False, power=1)).shape[1] == 95
    first = np.abs(np.fft.rfft(sound()[:400] * window_of(start)[:400], 512))
    assert np.allclose(np.abs(stft(sound(), start))[:, 0], first)


def test_real_part_goes_through_the_mel_with_its_sign() -> None:
    made = front_end(spectrum="real_part", mel=HTK, band_order="falling")
    wanted = (mel_filters(Mel.model_validate(HTK), 16000, 512) @ stft(sound(), made).real) ** 2
    assert np.allclose(spectrogram(sound(), made), wanted[::-1])


@pytest.mark.parametrize(
    ("scale", "wanted"),
    [
        ({"kind": "unit"}, [0.1, -0.3, 0.2]),
        ({"kind": "int16"}, [3276.8, -9830.4, 6553.6]),
        ({"kind": "min_max", "epsilon": 0.5}, [-0.2, -1.0, 0.0]),
        ({"kind": "peak", "peak": 0.25, "remove_mean": False}, [0.25 / 3, -0.25, 0.5 / 3]),
        ({"kind": "peak", "peak": 0.25, "remove_mean": True}, [0.25 / 3, -0.25, 0.5 / 3]),
    ],
)
def test_value_scales(scale: dict[str, Any], wanted: list[float]) -> None:
    samples = np.array([0.1, -0.3, 0.2], np.float64)
    offset = 0.0 if scale["kind"] != "peak" or not scale["remove_mean"] else 0.4
    assert np.allclose(scaled(samples + offset, VALUE_SCALE.validate_python(scale)), wanted)
    assert np.isfinite(scaled(np.zeros(4), VALUE_SCALE.validate_python(scale))).all()


def test_windows_are_scaled_one_by_one() -> None:
    changes: dict[str, Any] = {"windows": {"samples": 4000, "overlap": 0.0, "last": "drop"}}
    peak = {"kind": "peak", "peak": 0.25, "remove_mean": True}
    quiet = np.concatenate([sound(0.25), 0.01 * sound(0.25)])
    made = patches(quiet, 16000, patch_input(20, value_scale=peak, **changes))
    assert np.allclose(made[0], made[1], rtol=1e-3, atol=1e-6)


def test_two_spectrograms_are_two_channels() -> None:
    changes: dict[str, Any] = {"mel": HTK, "windows": {"samples": 4000, "overlap": 0.0, "last": "drop"}}
    low, high = front_end(**changes), front_end(n_fft=1024, hop_length=100, **changes)
    values = patch_input(20, ("band", "frame", "channel"), **changes).model_dump()
    both = SpectrogramInput.model_validate(values | {"more_channels": [high.model_dump()]})
    made = patches(sound(), 16000, both)
    assert made.shape == (4, 40, 20, 2) == (4, *both.shape)
    for channel, spec in enumerate((low, high)):
        wanted = spectrogram(sound()[:4000], spec)[:, :20].astype(np.float32)
        assert np.array_equal(made[0, ..., channel], wanted)


@pytest.mark.parametrize(
    ("wrong", "axes", "words"),
    [
        ({"sample_rate_hz": 22050}, ("band", "frame", "channel"), "sample_rate_hz must be the same"),
        ({}, ("band", "frame"), '"channel" in axes'),
        ({"mel": HTK | {"bands": 30}}, ("band", "frame", "channel"), "the front_end makes 30"),
    ],
)
def test_channels_that_do_not_fit_are_refused(
    wrong: dict[str, Any], axes: tuple[str, ...], words: str
) -> None:
    changes: dict[str, Any] = {"mel": HTK, "windows": {"samples": 4000}}
    values = patch_input(20, ("band", "frame", "channel"), **changes).model_dump()
    second = front_end(**changes).model_dump() | wrong
    with pytest.raises(ValueError, match=words):
        SpectrogramInput.model_validate(values | {"axes": axes, "more_channels": [second]})


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


@pytest.mark.parametrize(
    ("frames", "changes", "samples"),
    [
        (50, {}, 16000),  # hop 320, centred: 51 frames, of which one patch drops the last
        (51, {}, 16000),
        (52, {}, None),
        (50, {"last": "shift"}, None),  # the last frame begins a second patch
        (51, {"last": "shift"}, 16000),
        (25, {}, None),  # two patches
        (26, {"overlap": 0.5}, None),
        (50, {"max_seconds": 2.0}, None),
        (50, {"samples": 12000, "max_seconds": 2.0}, 12000),
    ],
)
def test_a_clip_of_fixed_length_and_one_patch_is_a_window(
    frames: int, changes: dict[str, Any], samples: int | None
) -> None:
    windows = {"samples": "none", "overlap": 0.0, "last": "drop", "pooling": "mean"}
    windows |= {name: value for name, value in changes.items() if name in windows}
    longest = changes.get("max_seconds", 1.0)
    contract = patch_input(
        frames,
        sample_rate_hz=16000,
        n_fft=1024,
        win_length=1024,
        hop_length=320,
        center=True,
        min_seconds=1.0,
        max_seconds=longest,
        windows=windows,
    )
    assert window_samples(contract) == samples
    if samples == 16000:
        for seconds in (0.3, 1.0, 2.5):
            noise = np.random.default_rng(3).normal(size=int(16000 * seconds)).astype(np.float32)
            assert len(patches(noise, 16000, contract)) == 1


def test_what_is_taken_over_the_clip_is_named() -> None:
    assert taken_over_clip(front_end(center=False, log={"kind": "linear"})) == ()
    decibel = {"kind": "decibel", "floor": 1e-10, "reference": "clip_max", "top_db": 80.0}
    peak = {"kind": "peak", "peak": 0.25, "remove_mean": True}
    named = taken_over_clip(front_end(center=True, log=decibel, value_scale=peak, normalization="clip_max"))
    assert named == ("center", "log.reference", "log.top_db", "normalization", "value_scale.kind = peak")


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
@pytest.mark.parametrize("log", [LINEAR, DECIBEL, LN, ROOT, PCEN])
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
        {"spectrum": "real_part", "power": 1},
        {"log": {"kind": "ln", "floor": 0.0, "floor_kind": "added", "factor": 1.0}},
    ):
        with pytest.raises(ValueError, match=r"must|greater"):
            front_end(**changes)
