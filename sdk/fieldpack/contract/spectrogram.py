"""The front-end of a spectrogram model, field by field.

Every field changes numbers, so none has a default. The names are librosa's, whose
definitions :mod:`fieldpack.preprocess.spectrogram` follows.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fieldpack.contract.sound import SoundSpec
from fieldpack.model import Strict


class Mel(Strict):
    """Triangular mel filter bank over the STFT bins."""

    bands: int = Field(ge=1, description="number of mel bands", examples=[64])
    fmin_hz: float = Field(ge=0, description="lower edge of the first band, Hz", examples=[20.0])
    fmax_hz: float = Field(gt=0, description="upper edge of the last band, Hz", examples=[7500.0])
    scale: Literal["slaney", "htk"] = Field(description="mel formula", examples=["slaney"])
    norm: Literal["slaney", "none"] = Field(
        description="area normalisation of the filters", examples=["slaney"]
    )

    @model_validator(mode="after")
    def _ordered(self) -> Mel:
        if not self.fmin_hz < self.fmax_hz:
            raise ValueError("fmin_hz must be below fmax_hz")
        return self


class Linear(Strict):
    """No compression: the power or magnitude itself."""

    kind: Literal["linear"]


class NaturalLog(Strict):
    """``ln(x + offset)``."""

    kind: Literal["ln"]
    offset: float = Field(gt=0, description="added before the logarithm", examples=[0.001])


class Decibel(Strict):
    """``10 log10(max(x, floor)) - 10 log10(reference)``, then at least ``max - top_db`` of the clip.

    ``x`` is power; with ``power = 1`` the magnitudes are squared first, as ``librosa.amplitude_to_db`` does.
    """

    kind: Literal["decibel"]
    floor: float = Field(gt=0, description="smallest power before the logarithm", examples=[1e-10])
    reference: float | Literal["clip_max"] = Field(
        description="the power of 0 dB: a number, or the largest power of the clip", examples=[1.0]
    )
    top_db: float | Literal["none"] = Field(
        description="dynamic range below the clip's maximum, dB, or none", examples=["none", 80.0]
    )


Log = Annotated[Linear | NaturalLog | Decibel, Field(discriminator="kind")]


class MelSpec(SoundSpec):
    """From sound to a spectrogram, with librosa's definitions of every field."""

    n_fft: int = Field(ge=2, description="samples of one transform", examples=[512])
    win_length: int = Field(ge=2, description="samples of the window", examples=[400])
    hop_length: int = Field(ge=1, description="samples between frames", examples=[160])
    window: Literal["hann"] = Field(description="periodic Hann", examples=["hann"])
    center: bool = Field(description="pads n_fft // 2 samples on both sides", examples=[True])
    pad_mode: Literal["constant", "reflect"] = Field(description="how center pads", examples=["constant"])
    power: Literal[1, 2] = Field(description="1 magnitude, 2 power", examples=[2])
    mel: Mel | Literal["none"] = Field(
        description="mel filter bank, or none for STFT bins",
        examples=[{"bands": 64, "fmin_hz": 125.0, "fmax_hz": 7500.0, "scale": "htk", "norm": "none"}],
    )
    log: Log = Field(description="compression", examples=[{"kind": "ln", "offset": 0.001}])
    normalization: Literal["none", "patch_mean_std", "patch_min_max", "clip_max"] = Field(
        description="after the logarithm: patch to mean 0 and deviation 1, patch to 0..1, or the clip "
        "divided by its largest absolute value",
        examples=["none"],
    )

    @model_validator(mode="after")
    def _possible(self) -> MelSpec:
        if self.win_length > self.n_fft:
            raise ValueError("win_length must not be above n_fft")
        if not isinstance(self.mel, str) and self.mel.fmax_hz > self.sample_rate_hz / 2:
            raise ValueError(f"mel.fmax_hz must not be above half the rate, {self.sample_rate_hz / 2:g} Hz")
        return self

    @property
    def bands(self) -> int:
        """Frequency rows that this front-end makes."""
        return self.n_fft // 2 + 1 if isinstance(self.mel, str) else self.mel.bands
