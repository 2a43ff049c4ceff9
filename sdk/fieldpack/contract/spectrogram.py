"""The front-end of a spectrogram model, field by field.

Every field changes numbers, so none has a default. The names are librosa's, whose
definitions :mod:`fieldpack.preprocess.spectrogram` follows.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from fieldpack.contract.sound import SoundSpec, table_or_none
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
    triangles: Literal["hz", "mel"] = Field(
        description="the filters' sides are straight over Hz, as librosa's, or over mel, as those of "
        "tf.signal.linear_to_mel_weight_matrix",
        examples=["hz"],
    )

    @model_validator(mode="after")
    def _ordered(self) -> Mel:
        if not self.fmin_hz < self.fmax_hz:
            raise ValueError("fmin_hz must be below fmax_hz")
        return self


MelOrNone = Annotated[
    Annotated[Mel, Tag("table")] | Annotated[Literal["none"], Tag("none")], Discriminator(table_or_none)
]


class Linear(Strict):
    """No compression: the power or magnitude itself."""

    kind: Literal["linear"]


class NaturalLog(Strict):
    """``factor * ln(x + floor)``, or ``factor * ln(max(x, floor))``."""

    kind: Literal["ln"]
    floor: float = Field(gt=0, description="keeps the logarithm from zero", examples=[0.001])
    floor_kind: Literal["added", "least"] = Field(
        description="the floor is added, or is the least value", examples=["added"]
    )
    factor: float = Field(gt=0, description="the logarithm is multiplied with it", examples=[1.0])


class Root(Strict):
    """``x ** exponent``; BirdNET trains its exponent."""

    kind: Literal["root"]
    exponent: float = Field(gt=0, lt=1, description="exponent of the power or magnitude", examples=[0.5])


class Pcen(Strict):
    """Per-channel energy normalisation, ``(x / (epsilon + m)^gain + bias)^exponent - bias^exponent``.

    The smoother of each band is ``m[t] = (1 - smoothing) m[t-1] + smoothing x[t]``, begun anew in each clip.
    Wang et al., "Trainable frontend for robust and far-field keyword spotting" (ICASSP 2017), equations 1
    and 2; ``librosa.pcen`` calls `exponent` its power.
    """

    kind: Literal["pcen"]
    gain: float = Field(gt=0, le=1, description="strength of the normalisation", examples=[0.98])
    bias: float = Field(gt=0, description="added before the exponent", examples=[2.0])
    exponent: float = Field(gt=0, le=1, description="compression", examples=[0.5])
    smoothing: float = Field(gt=0, le=1, description="weight of the newest frame", examples=[0.025])
    epsilon: float = Field(gt=0, description="added to the smoother", examples=[1e-6])
    initial: Literal["one", "first_frame"] = Field(
        description="the smoother before the first frame: 1, as librosa has it, or the first frame itself",
        examples=["one"],
    )


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


Log = Annotated[Linear | NaturalLog | Decibel | Root | Pcen, Field(discriminator="kind")]


class MelSpec(SoundSpec):
    """From sound to a spectrogram; names are librosa's where librosa has one."""

    n_fft: int = Field(ge=2, description="samples of one transform", examples=[512])
    win_length: int = Field(ge=2, description="samples of the window", examples=[400])
    hop_length: int = Field(ge=1, description="samples between frames", examples=[160])
    window: Literal["hann", "hann_symmetric"] = Field(
        description="periodic Hann, or the symmetric one of np.hanning", examples=["hann"]
    )
    window_at: Literal["centre", "start"] = Field(
        description="a window shorter than n_fft lies in its centre, as librosa's, or at its start and the "
        "last frame ends with the window, as tf.signal.stft's",
        examples=["centre"],
    )
    center: bool = Field(description="pads n_fft // 2 samples on both sides", examples=[True])
    pad_mode: Literal["constant", "reflect"] = Field(description="how center pads", examples=["constant"])
    stft_scale: Literal["none", "window_sum"] = Field(
        description="divides the transform by the sum of the window, as scipy.signal.stft does",
        examples=["none"],
    )
    spectrum: Literal["magnitude", "real_part"] = Field(
        description="magnitude ** power is summed by the mel; or the real part is, and power comes after",
        examples=["magnitude"],
    )
    power: Literal[1, 2] = Field(description="1 magnitude, 2 power", examples=[2])
    mel: MelOrNone = Field(
        description="mel filter bank, or none for STFT bins",
        examples=[
            {
                "bands": 64,
                "fmin_hz": 125.0,
                "fmax_hz": 7500.0,
                "scale": "htk",
                "norm": "none",
                "triangles": "hz",
            }
        ],
    )
    log: Log = Field(
        description="compression",
        examples=[{"kind": "ln", "floor": 0.001, "floor_kind": "added", "factor": 1.0}],
    )
    band_order: Literal["rising", "falling"] = Field(
        description="whether the first band is the lowest or the highest", examples=["rising"]
    )
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
        if self.spectrum == "real_part" and self.power != 2:
            raise ValueError('spectrum = "real_part" has signs, so power must be 2')
        return self

    @property
    def bands(self) -> int:
        """Frequency rows that this front-end makes."""
        return self.n_fft // 2 + 1 if isinstance(self.mel, str) else self.mel.bands
