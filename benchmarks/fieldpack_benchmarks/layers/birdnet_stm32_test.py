"""The front-end layer against float64 numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.errors import UnsupportedError

pytestmark = pytest.mark.full

SETTINGS: dict[str, Any] = {
    "mode": "hybrid",
    "mag_scale": "pwl",
    "mel_bins": 6,
    "spec_width": 10,
    "mel_norm": "slaney",
}


def test_mel_mixing_and_the_piecewise_linear_curve() -> None:
    from fieldpack_benchmarks.layers.birdnet_stm32 import AudioFrontendLayer

    layer = AudioFrontendLayer(**SETTINGS)
    layer.build((None, 17, 12, 1))
    generator = np.random.default_rng(4)
    for variable in layer.weights:
        variable.assign(generator.standard_normal(variable.shape))
    spectrogram = generator.random((2, 17, 12, 1)).astype(np.float32)

    mixer = np.asarray(layer.mel_mixer.kernel, np.float64)[0, 0]
    assert mixer.shape == (24, 6)
    mel = np.maximum(np.einsum("nftc,fm->nmt", spectrogram[:, :, :10], mixer[:17]), 0.0)[..., None]

    def curve(kernel: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.asarray(kernel, np.float64).reshape(1, 6, 1, 1)

    expected = curve(layer._pwl_k0_dw.kernel) * mel
    for shift, slope in zip(layer._pwl_shift_dws, layer._pwl_k_dws, strict=True):
        expected += curve(slope.kernel) * np.maximum(curve(shift.kernel) * mel + curve(shift.bias), 0.0)
    came = np.asarray(layer(spectrogram))
    assert came.shape == (2, 6, 10, 1)
    np.testing.assert_allclose(came, expected, rtol=1e-4, atol=1e-5)
    assert {**SETTINGS, **layer.get_config()} == layer.get_config()


def test_other_modes_are_refused() -> None:
    from fieldpack_benchmarks.layers.birdnet_stm32 import AudioFrontendLayer

    with pytest.raises(UnsupportedError):
        AudioFrontendLayer(**{**SETTINGS, "mag_scale": "pcen"})
