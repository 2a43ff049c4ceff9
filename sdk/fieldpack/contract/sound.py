"""What is done to a recording before a model or its front-end sees it, field by field.

The part that waveform models and spectrogram models share: rate, length, silence, windows. Every field
changes numbers, so none has a default.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from fieldpack.contract.resampling import ChannelMix, LowRate, Pooling, Resampler
from fieldpack.model import Strict


def table_or_none(value: object) -> str:
    """Which of a table and the word none it is, so that an error names the table's field."""
    return "none" if isinstance(value, str) else "table"


class UnitScale(Strict):
    """Samples in -1..1, as a file's integers divided by their largest power of two."""

    kind: Literal["unit"]


class Int16Scale(Strict):
    """Samples in -32768..32767, as 16-bit files hold them, but not rounded."""

    kind: Literal["int16"]


class MinMaxScale(Strict):
    """``2 (x - min) / (max - min + epsilon) - 1``, minimum and maximum of the clip."""

    kind: Literal["min_max"]
    epsilon: float = Field(gt=0, description="added to the range", examples=[1e-6])


class PeakScale(Strict):
    """``peak * x / max |x|`` of the clip, whose mean was removed first where `remove_mean`; 0 stays 0."""

    kind: Literal["peak"]
    peak: float = Field(gt=0, description="largest absolute value afterwards", examples=[0.25])
    remove_mean: bool = Field(description="subtracts the clip's mean first", examples=[True])


ValueScale = Annotated[UnitScale | Int16Scale | MinMaxScale | PeakScale, Field(discriminator="kind")]
"""What the samples of a clip, or of a window where ``windows.samples`` is a number, are multiplied with."""


class Windows(Strict):
    """How a recording is cut into patches, and how the patches' scores become one.

    With ``samples = "none"`` the spectrogram of the whole clip is cut into patches of ``frames``.
    With a number the sound itself is cut into windows of so many samples, and each window gets a spectrogram
    of its own, of which the first ``frames`` are taken; then "clip" in every other field means the window.
    """

    samples: Annotated[int, Field(ge=1)] | Literal["none"] = Field(
        description="samples of one window of sound, or none to cut the clip's spectrogram",
        examples=["none", 66150],
    )
    overlap: float = Field(
        ge=0, lt=1, description="share of a patch that the next one repeats", examples=[0.5]
    )
    last: Literal["drop", "pad", "shift"] = Field(
        description="an incomplete last patch is left out, filled up (with the clip's smallest value, or "
        "silence), or starts earlier so that it ends with the clip",
        examples=["drop"],
    )
    pooling: Pooling = Field(
        description="scores of the patches -> score of the clip",
        examples=["mean", {"kind": "log_mean_exp", "sharpness": 5.0}],
    )


class Silence(Strict):
    """Non-silent stretches are kept and joined, as ``librosa.effects.split`` finds them."""

    top_db: float = Field(
        gt=0, description="dB below the clip's maximum that counts as silence", examples=[60.0]
    )
    frame_length: int = Field(ge=1, description="samples", examples=[3200])
    hop_length: int = Field(ge=1, description="samples", examples=[3200])


SilenceOrNone = Annotated[
    Annotated[Silence, Tag("table")] | Annotated[Literal["none"], Tag("none")], Discriminator(table_or_none)
]


class SoundSpec(Strict):
    """From a recording to windows of sound."""

    sample_rate_hz: int = Field(
        ge=1000, le=384000, description="rate that sound is resampled to", examples=[16000]
    )
    resampler: Resampler = Field(
        description="how a sound of another rate is resampled",
        examples=[
            {"kind": "soxr_hq"},
            {"kind": "polyphase", "zero_crossings": 32, "kaiser_beta": 9.0, "rolloff": 0.91},
        ],
    )
    channel_mix: ChannelMix = Field(description="how channels become one", examples=["mean"])
    low_rate: LowRate = Field(
        description="whether a sound below sample_rate_hz is refused, or taken with a warning",
        examples=["refuse"],
    )
    min_seconds: float = Field(
        ge=0, description="clips shorter than this, without silence, are repeated up to it", examples=[2.0]
    )
    max_seconds: float = Field(
        gt=0, description="longer clips are cut after this length, before anything else", examples=[10.0]
    )
    remove_silence: SilenceOrNone = Field(
        description="joins the non-silent stretches",
        examples=["none", {"top_db": 60.0, "frame_length": 3200, "hop_length": 3200}],
    )
    value_scale: ValueScale = Field(
        description="scale of the samples that the transform or the model sees",
        examples=[{"kind": "unit"}, {"kind": "min_max", "epsilon": 1e-6}],
    )
    windows: Windows = Field(
        description="patches of a recording",
        examples=[{"samples": "none", "overlap": 0.5, "last": "drop", "pooling": "mean"}],
    )

    @model_validator(mode="after")
    def _lengths_ordered(self) -> SoundSpec:
        if self.min_seconds > self.max_seconds:
            raise ValueError("min_seconds must not be above max_seconds")
        return self
