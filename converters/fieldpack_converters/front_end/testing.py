"""Small front-ends of every kind, and sounds that show their faults."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract import SpectrogramInput
from fieldpack_converters.front_end import in_numpy
from fieldpack_converters.front_end.operations import Graph
from fieldpack_converters.front_end.spectrogram import graph_of, transforms_of

_BASE: dict[str, Any] = {
    "sample_rate_hz": 16000,
    "resampler": {"kind": "soxr_hq"},
    "channel_mix": "mean",
    "low_rate": "refuse",
    "min_seconds": 0.0,
    "max_seconds": 10.0,
    "remove_silence": "none",
    "n_fft": 512,
    "win_length": 400,
    "hop_length": 160,
    "window": "hann",
    "center": False,
    "pad_mode": "constant",
    "power": 2,
    "mel": {"bands": 40, "fmin_hz": 125.0, "fmax_hz": 7500.0, "scale": "htk", "norm": "none"},
    "log": {"kind": "decibel", "floor": 1e-10, "reference": 1.0, "top_db": "none"},
    "normalization": "none",
    "windows": {"samples": 8000, "overlap": 0.0, "last": "pad", "pooling": "mean"},
}
_SLANEY = {"bands": 32, "fmin_hz": 0.0, "fmax_hz": 8000.0, "scale": "slaney", "norm": "slaney"}

FRONT_ENDS: dict[str, dict[str, Any]] = {
    "decibel": {},
    "magnitude": {"power": 1, "mel": "none", "log": {"kind": "linear"}, "normalization": "patch_min_max"},
    "natural log": {"power": 1, "log": {"kind": "ln", "offset": 0.001}, "hop_length": 192},
    "window's own reference": {
        "center": True,
        "mel": _SLANEY,
        "log": {"kind": "decibel", "floor": 1e-10, "reference": "clip_max", "top_db": 80.0},
    },
    "mirrored ends": {"center": True, "pad_mode": "reflect", "normalization": "patch_mean_std", "n_fft": 480},
    "magnitude in decibel": {"power": 1, "normalization": "clip_max", "win_length": 512, "mel": _SLANEY},
}
"""Name -> what differs from a front-end like YAMNet's."""


def contract_of(name: str, **changed: Any) -> SpectrogramInput:
    """A contract whose window gives exactly the frames that it takes, or more."""
    words = {**_BASE, **FRONT_ENDS[name], **changed}
    if isinstance(changed.get("mel"), dict):
        words["mel"] = {**_BASE["mel"], **changed["mel"]}
    bands = words["mel"]["bands"] if isinstance(words["mel"], dict) else words["n_fft"] // 2 + 1
    padded = 8000 + (words["n_fft"] // 2 * 2 if words["center"] else 0)
    frames = (padded - words["n_fft"]) // words["hop_length"] + 1
    return SpectrogramInput.model_validate(
        {
            "kind": "spectrogram",
            "name": "spectrogram",
            "bands": bands,
            "frames": frames,
            "axes": ["band", "frame", "channel"] if words["center"] else ["frame", "band"],
            "front_end": words,
        }
    )


def sounds(samples: int, sample_rate_hz: int) -> NDArray[np.float64]:
    """A chirp over noise, noise, a tone, an impulse, a step and a sound that begins late, [6, samples]."""
    generator = np.random.default_rng(7)
    time = np.arange(samples) / sample_rate_hz
    noise = 0.1 * generator.standard_normal(samples)
    chirp = 0.5 * np.sin(2 * np.pi * (200 + 3000 * time) * time) + 0.1 * noise
    tone = 0.9 * np.sin(2 * np.pi * 997 * time)
    impulse, late = np.zeros(samples), np.where(np.arange(samples) < samples // 2, 0.0, tone)
    impulse[samples // 2] = 1.0
    step = np.where(np.arange(samples) < samples // 3, 0.0, 0.25)
    return np.stack([chirp, noise, tone, impulse, step, late])


def differences(framework: str) -> dict[str, float]:
    """Front-end and transform -> largest difference from numpy in float64, within 80 dB of the maximum.

    A worker target. Of values that are no decibels it is the share of the largest value.
    """
    found = {}
    for name in FRONT_ENDS:
        contract = contract_of(name)
        decibels = contract.front_end.log.kind == "decibel" and contract.front_end.normalization == "none"
        for transform in transforms_of(contract):
            graph = graph_of(contract, transform)
            given = sounds(graph.operations[0].shape[0], contract.front_end.sample_rate_hz).astype(np.float32)
            exact = in_numpy.run(graph, given.astype(np.float64))
            gap = np.abs(_RUNNERS[framework](graph, given) - exact)
            heard = exact > exact.max() - 80 if decibels else np.ones_like(exact, bool)
            found[f"{name}, {transform}"] = float(
                gap[heard].max() / (1.0 if decibels else np.abs(exact).max())
            )
    return found


def _in_torch(graph: Graph, given: NDArray[np.float32]) -> NDArray[np.float32]:
    import torch

    from fieldpack_converters.front_end.in_torch import FrontEndModule

    result: NDArray[np.float32] = FrontEndModule(graph)(torch.from_numpy(given)).numpy()
    return result


def _in_keras(graph: Graph, given: NDArray[np.float32]) -> NDArray[np.float32]:
    from fieldpack_converters.front_end.in_keras import front_end_model

    return np.asarray(front_end_model(graph)(given))


_RUNNERS = {"torch": _in_torch, "keras": _in_keras}
