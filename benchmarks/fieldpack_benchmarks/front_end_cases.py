"""Five public front-ends as contracts of one window each, for the study of front-ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fieldpack.contract import SpectrogramInput
from fieldpack.contract.presets import PRESETS

_REST: Mapping[str, Any] = {
    "resampler": {"kind": "soxr_hq"},
    "channel_mix": "mean",
    "low_rate": "refuse",
    "min_seconds": 0.0,
    "max_seconds": 60.0,
    "remove_silence": "none",
}


@dataclass(frozen=True, slots=True)
class FrontEndCase:
    """A preset, the length of its window, and what the preset leaves open.

    Attributes
    ----------
    preset : str
        Key of :data:`fieldpack.contract.presets.PRESETS`.
    samples, frames : int
        Of one window.
    own : mapping
        Fields that nobody states of the preset, chosen here.
    """

    preset: str
    samples: int
    frames: int
    own: Mapping[str, Any] = field(default_factory=dict)

    def contract(self) -> SpectrogramInput:
        """The input that the front-end makes, axes band, frame, channel."""
        preset = PRESETS[self.preset]
        rest = {name: value for name, value in _REST.items() if name in preset.missing}
        windows = {"samples": self.samples, "overlap": 0.0, "last": "drop", "pooling": "mean"}
        first, *others = preset.front_ends(**rest, windows=windows, **self.own)
        return SpectrogramInput(
            kind="spectrogram",
            name="spectrogram",
            bands=first.bands,
            frames=self.frames,
            axes=("band", "frame", "channel"),
            front_end=first,
            more_channels=tuple(others),
        )


CASES = (
    FrontEndCase("librosa", 66150, 130),
    FrontEndCase("yamnet", 15600, 96),
    FrontEndCase(
        "birdnet_2_4",
        144000,
        511,
        {"log": [{"kind": "root", "exponent": 0.2295}, {"kind": "root", "exponent": 0.1905}]},
    ),
    FrontEndCase("perch", 160000, 500, {"mel": {"bands": 160, "fmax_hz": 10000.0}, "power": 1}),
    FrontEndCase("esc10_miniresnet", 15680, 50),
)
"""BirdNET's exponents are those that its trained layers have to four digits in a public port of them; Perch's
power, upper edge and 160 bands are those of its first version."""
SIZED = "perch"
"""32 kHz, 1024 points, 160 mels: the setting whose size and speed have bars."""
