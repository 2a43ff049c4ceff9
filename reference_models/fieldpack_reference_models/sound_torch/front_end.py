"""How a recording becomes what the body hears: YAMNet's windows and YAMNet's log-mel patches.

``pack.toml`` takes the waveform, so the front-end is part of the network; the windows of both agree.
"""

from __future__ import annotations

from typing import Any

from fieldpack.contract.inputs import SpectrogramInput
from fieldpack.contract.presets import PRESETS

PRESET = "yamnet"
# Small, and of plain operations that every phone has.
TRANSFORM = "factored"
# A patch every 48 frames of 10 ms, as YAMNet has it: 7680 of 15600 samples are new.
WINDOWS = {"samples": 15600, "overlap": 0.5077, "last": "shift", "pooling": "mean"}


def patch_input() -> SpectrogramInput:
    """The front-end as a contract: 16 kHz, 0.975 s windows, patches [1, 96 frames, 64 bands]."""
    preset = PRESETS[PRESET]
    (spec,) = preset.front_ends(
        resampler={"kind": "polyphase", "zero_crossings": 32, "kaiser_beta": 9.0, "rolloff": 0.91},
        channel_mix="mean",
        low_rate="refuse",
        min_seconds=0.0,
        max_seconds=60.0,
        remove_silence="none",
        windows=WINDOWS,
    )
    return SpectrogramInput(
        kind="spectrogram",
        name="patch",
        bands=spec.bands,
        frames=preset.frames or 0,
        axes=("channel", "frame", "band"),
        front_end=spec,
    )


def front_end() -> Any:
    """The front-end as a ``torch.nn.Module``: float32 [N, 15600] in -1..1 to [N, 1, 96, 64]; no weights."""
    from fieldpack_converters.front_end.in_torch import FrontEndModule
    from fieldpack_converters.front_end.spectrogram import graph_of

    return FrontEndModule(graph_of(patch_input(), TRANSFORM))
