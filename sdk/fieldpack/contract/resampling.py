"""How a recording comes to one channel at the model's rate, and how the scores of its windows are joined.

The fields of :class:`~fieldpack.contract.sound.SoundSpec` that are tables of their own. Every field changes
numbers, so none has a default.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from fieldpack.model import Strict


class SoxrHq(Strict):
    """The resampler of librosa's default, soxr at quality HQ; for models that were trained behind it."""

    kind: Literal["soxr_hq"]


class Polyphase(Strict):
    """A windowed sinc in the exact ratio of the two rates; its coefficients travel in the bundle.

    ``h(t) = sinc(c t) kaiser(t / T)`` with ``c = rolloff`` times the lower of both rates over the source's,
    and ``T = zero_crossings / c`` source samples on each side, scaled so that a constant stays. See Smith,
    "Digital Audio Resampling Home Page" (CCRMA, 2002); the window is that of Kaiser and Schafer (1980).
    """

    kind: Literal["polyphase"]
    zero_crossings: int = Field(
        ge=4, le=256, description="zeros of the sinc on each side of its centre", examples=[32]
    )
    kaiser_beta: float = Field(
        ge=0,
        le=30,
        description="shape of the Kaiser window; 9 suppresses aliases by about 90 dB",
        examples=[9.0],
    )
    rolloff: float = Field(
        gt=0, le=1, description="cut-off as a share of half the lower rate", examples=[0.91]
    )


Resampler = Annotated[SoxrHq | Polyphase, Field(discriminator="kind")]


class ChannelMix(StrEnum):
    """How the channels of a recording become one."""

    MEAN = "mean"
    FIRST = "first"


class LowRate(StrEnum):
    """What happens to a recording whose rate is below the model's, so that its upper bands hold nothing."""

    REFUSE = "refuse"
    WARN = "warn"


class LogMeanExp(Strict):
    """``ln(mean(exp(sharpness * x))) / sharpness``: between the mean (0) and the maximum (infinity)."""

    kind: Literal["log_mean_exp"]
    sharpness: float = Field(gt=0, le=1000, description="how close to the maximum", examples=[5.0])


Pooling = Literal["mean", "max"] | LogMeanExp
"""How the scores of a recording's windows become one score."""
