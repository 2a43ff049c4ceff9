"""Windows of sound for models that take the waveform."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.contract import WaveformInput
from fieldpack.errors import InputError
from fieldpack.preprocess import prepare, prepared_shape

SAMPLES = np.random.default_rng(0).uniform(-1, 1, 2500).astype(np.float32)


def waveform(**changes: Any) -> WaveformInput:
    """Windows of 1000 samples at 8 kHz."""
    axes = changes.pop("axes", ["sample"])
    windows = {"samples": 1000, "overlap": 0.0, "last": "drop", "pooling": "mean"}
    windows |= changes.pop("windows", {})
    front_end = {
        "sample_rate_hz": 8000,
        "resampler": {"kind": "soxr_hq"},
        "channel_mix": "mean",
        "low_rate": "refuse",
        "min_seconds": 0.0,
        "max_seconds": 10.0,
        "remove_silence": "none",
        "value_scale": {"kind": "unit"},
        "windows": windows,
    }
    return WaveformInput.model_validate(
        {"kind": "waveform", "name": "sound", "axes": axes, "front_end": front_end | changes}
    )


@pytest.mark.parametrize(
    ("last", "starts"), [("drop", [0, 1000]), ("pad", [0, 1000, 2000]), ("shift", [0, 1000, 1500])]
)
def test_windows_are_the_samples(last: str, starts: list[int]) -> None:
    made = prepare(waveform(windows={"last": last}), (SAMPLES, 8000))
    padded = np.pad(SAMPLES, (0, 500))
    assert made.dtype == np.float32
    assert np.array_equal(made, np.stack([padded[start : start + 1000] for start in starts]))


@pytest.mark.parametrize(
    ("axes", "shape"),
    [(["sample"], (1000,)), (["sample", "channel"], (1000, 1)), (["channel", "sample"], (1, 1000))],
)
def test_axes(axes: list[str], shape: tuple[int, ...]) -> None:
    stated = waveform(axes=axes)
    assert prepare(stated, (SAMPLES, 8000)).shape == (2, *shape)
    assert prepared_shape(stated) == shape


def test_each_window_has_its_own_scale() -> None:
    peak = {"kind": "peak", "peak": 0.25, "remove_mean": True}
    made = prepare(waveform(value_scale=peak), (SAMPLES * np.linspace(0.01, 1, 2500, dtype=np.float32), 8000))
    assert np.allclose(np.abs(made).max(axis=1), 0.25)
    assert np.abs(made.mean(axis=1)).max() < 1e-7


def test_short_sounds_and_wrong_contracts_are_refused() -> None:
    with pytest.raises(InputError, match="too short for one window"):
        prepare(waveform(), (SAMPLES[:999], 8000))
    with pytest.raises(InputError, match="without samples"):
        prepare(waveform(), (SAMPLES[:0], 8000))
    with pytest.raises(ValueError, match="the number of samples that the model takes"):
        waveform(windows={"samples": "none"})
    with pytest.raises(ValueError, match='"sample" once'):
        waveform(axes=["channel"])
