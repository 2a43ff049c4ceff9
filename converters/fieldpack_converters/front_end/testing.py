"""Small front-ends of every kind, and sounds that show their faults."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract import Mel, MelSpec, SpectrogramInput
from fieldpack.parity.front_end import gap_of, reference_of, sounds_at_levels, worst
from fieldpack.preprocess.mel import mel_filters
from fieldpack.preprocess.spectrogram import patches
from fieldpack_converters.front_end import in_numpy
from fieldpack_converters.front_end.export import export_tflite
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
    "window_at": "centre",
    "stft_scale": "none",
    "spectrum": "magnitude",
    "band_order": "rising",
    "value_scale": {"kind": "unit"},
    "center": False,
    "pad_mode": "constant",
    "power": 2,
    "mel": {
        "bands": 40,
        "fmin_hz": 125.0,
        "fmax_hz": 7500.0,
        "scale": "htk",
        "norm": "none",
        "triangles": "hz",
    },
    "log": {"kind": "decibel", "floor": 1e-10, "reference": 1.0, "top_db": "none"},
    "normalization": "none",
    "windows": {"samples": 8000, "overlap": 0.0, "last": "pad", "pooling": "mean"},
}
_SLANEY = {
    "bands": 32,
    "fmin_hz": 0.0,
    "fmax_hz": 8000.0,
    "scale": "slaney",
    "norm": "slaney",
    "triangles": "hz",
}
_STRAIGHT_OVER_MEL = {
    "bands": 40,
    "fmin_hz": 125.0,
    "fmax_hz": 7500.0,
    "scale": "htk",
    "norm": "none",
    "triangles": "mel",
}
_REAL_ROOT = {
    "mel": _STRAIGHT_OVER_MEL,
    "spectrum": "real_part",
    "win_length": 512,
    "log": {"kind": "root", "exponent": 0.23},
    "band_order": "falling",
    "value_scale": {"kind": "min_max", "epsilon": 1e-6},
}

FRONT_ENDS: dict[str, dict[str, Any]] = {
    "decibel": {"value_scale": {"kind": "int16"}},
    "magnitude": {"power": 1, "mel": "none", "log": {"kind": "linear"}, "normalization": "patch_min_max"},
    "natural log": {
        "power": 1,
        "log": {"kind": "ln", "floor": 0.001, "floor_kind": "added", "factor": 1.0},
        "hop_length": 192,
    },
    "window's own reference": {
        "center": True,
        "mel": _SLANEY,
        "log": {"kind": "decibel", "floor": 1e-10, "reference": "clip_max", "top_db": 80.0},
    },
    "mirrored ends": {"center": True, "pad_mode": "reflect", "normalization": "patch_mean_std", "n_fft": 480},
    "like YAMNet": {
        "power": 1,
        "window_at": "start",
        "mel": _STRAIGHT_OVER_MEL,
        "log": {"kind": "ln", "floor": 0.001, "floor_kind": "added", "factor": 1.0},
    },
    "like Perch": {
        "center": True,
        "stft_scale": "window_sum",
        "mel": _STRAIGHT_OVER_MEL,
        "value_scale": {"kind": "peak", "peak": 0.25, "remove_mean": True},
        "log": {"kind": "ln", "floor": 0.01, "floor_kind": "least", "factor": 0.1},
    },
    "energy": {
        "window": "hann_symmetric",
        "log": {
            "kind": "pcen",
            "gain": 0.98,
            "bias": 2.0,
            "exponent": 0.5,
            "smoothing": 0.04,
            "epsilon": 1e-6,
            "initial": "one",
        },
    },
    "energy from the first frame": {
        "band_order": "falling",
        "mel": "none",
        "log": {
            "kind": "pcen",
            "gain": 0.8,
            "bias": 10.0,
            "exponent": 0.25,
            "smoothing": 0.1,
            "epsilon": 1e-5,
            "initial": "first_frame",
        },
    },
    "two channels like BirdNET": {**_REAL_ROOT, "hop_length": 128},
    "magnitude in decibel": {"power": 1, "normalization": "clip_max", "win_length": 512, "mel": _SLANEY},
}
"""Name -> what differs from a front-end like YAMNet's."""
SECOND: dict[str, dict[str, Any]] = {
    "two channels like BirdNET": {"n_fft": 256, "win_length": 256, "hop_length": 96}
}
"""Name -> what differs in its second channel."""


def contract_of(name: str, **changed: Any) -> SpectrogramInput:
    """A contract whose window gives exactly the frames that it takes, or more."""
    words = {**_BASE, **FRONT_ENDS[name], **changed}
    if isinstance(changed.get("mel"), dict):
        words["mel"] = {**_BASE["mel"], **changed["mel"]}
    bands = words["mel"]["bands"] if isinstance(words["mel"], dict) else words["n_fft"] // 2 + 1
    padded = 8000 + (words["n_fft"] // 2 * 2 if words["center"] else 0)
    transform = words["n_fft"] if words["window_at"] == "centre" else words["win_length"]
    frames = (padded - transform) // words["hop_length"] + 1
    several = name in SECOND
    return SpectrogramInput.model_validate(
        {
            "kind": "spectrogram",
            "name": "spectrogram",
            "bands": bands,
            "frames": frames,
            "axes": ["band", "frame", "channel"] if words["center"] or several else ["frame", "band"],
            "front_end": words,
            "more_channels": [{**words, **SECOND[name]}] if several else [],
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


def in_decibels(contract: SpectrogramInput) -> bool:
    """Whether its numbers are decibels."""
    return contract.front_end.log.kind == "decibel" and contract.front_end.normalization == "none"


def differences(framework: str) -> dict[str, float]:
    """Front-end and transform -> largest difference from numpy in float64, within 80 dB of the maximum.

    A worker target. Of values that are no decibels it is the share of the largest value.
    """
    found = {}
    for name in FRONT_ENDS:
        contract = contract_of(name)
        decibels = in_decibels(contract)
        for transform in transforms_of(contract.front_end):
            graph = graph_of(contract, *[transform] * len(contract.channels))
            given = sounds(graph.operations[0].shape[0], contract.front_end.sample_rate_hz).astype(np.float32)
            exact = in_numpy.run(graph, given.astype(np.float64))
            gap = np.abs(_RUNNERS[framework](graph, given) - exact)
            heard = exact > exact.max() - 80 if decibels else np.ones_like(exact, bool)
            found[f"{name}, {transform}"] = float(
                gap[heard].max() / (1.0 if decibels else np.abs(exact).max())
            )
    return found


def in_tensorflow(folder: str, exported: list[str]) -> dict[str, Any]:
    """``differences`` in Keras, ``gaps`` to ``tf.signal``, and the TFLite ``files`` of some front-ends.

    A worker target.
    """
    cap = export_tflite(contract_of("decibel").model_dump(mode="json"), folder, 1000)
    return {
        "differences": differences("keras"),
        "gaps": gaps_to_tensorflow(),
        "files": {name: _exported(name, folder) for name in exported},
        "under_a_cap": [item["transforms"] for item in cap["files"]],
    }


def _exported(name: str, folder: str) -> list[dict[str, Any]]:
    """Each file of a front-end, and its halves, with the gap to the reference: six sounds at two levels."""
    from ai_edge_litert.interpreter import Interpreter

    contract = contract_of(name)
    files: list[dict[str, Any]] = export_tflite(contract.model_dump(mode="json"), folder, 10**7)["files"]
    heard = list(sounds_at_levels(8000, contract.front_end.sample_rate_hz).values())
    references = [reference_of(sound, contract) for sound in heard]
    halved = [{"path": path, "weights": name} for item in files for name, path in item["halves"].items()]
    for item in files + halved:
        runner = Interpreter(item["path"], num_threads=1)
        runner.allocate_tensors()
        gaps = []
        for sound, reference in zip(heard, references, strict=True):
            runner.set_tensor(runner.get_input_details()[0]["index"], sound[None])
            runner.invoke()
            got = runner.get_tensor(runner.get_output_details()[0]["index"])[0]
            gaps.append(gap_of(reference, got, contract))
        item |= {"max_db": worst(gaps).max_db, "rms_db": worst(gaps).rms_db}
    for item in files:
        item["halves"] = [one for one in halved if one["path"] in item["halves"].values()]
    return files


def gaps_to_tensorflow() -> dict[str, float]:
    """Largest difference of our numpy from ``tf.signal`` in float64, as a share of the largest value."""
    import tensorflow as tf

    found = {}
    yamnet, birdnet = contract_of("like YAMNet"), contract_of("two channels like BirdNET")
    filters = _tf_filters(tf, yamnet.front_end)
    found["mel filters"] = float(np.abs(filters.numpy() - mel_filters(*_bank(yamnet.front_end)).T).max())
    sound = sounds(8000, 16000)[0].astype(np.float32)
    magnitude = tf.abs(_tf_stft(tf, sound.astype(np.float64), yamnet.front_end))
    found["like YAMNet"] = _share(
        tf.math.log(magnitude @ filters + 0.001).numpy(), patches(sound, 16000, yamnet)[0]
    )
    risen = sound.astype(np.float64) - sound.min()
    stretched = (risen / (risen.max() + 1e-6) - 0.5) * 2
    channels = []
    for spec in birdnet.channels:
        mel = tf.math.real(_tf_stft(tf, stretched, spec)) @ _tf_filters(tf, spec)
        channels.append((tf.reverse(mel**2, [-1]) ** 0.23).numpy()[: birdnet.frames].T)
    found["two channels like BirdNET"] = _share(np.stack(channels, -1), patches(sound, 16000, birdnet)[0])
    return found


def _tf_stft(tf: Any, sound: NDArray[np.float64], spec: MelSpec) -> Any:
    return tf.signal.stft(sound, spec.win_length, spec.hop_length, spec.n_fft, tf.signal.hann_window)


def _tf_filters(tf: Any, spec: MelSpec) -> Any:
    mel, rate, n_fft = _bank(spec)
    return tf.signal.linear_to_mel_weight_matrix(
        mel.bands, n_fft // 2 + 1, rate, mel.fmin_hz, mel.fmax_hz, tf.float64
    )


def _bank(spec: MelSpec) -> tuple[Mel, int, int]:
    """What a filter bank is made from, its triangles straight over mel."""
    mel = Mel.model_validate({**spec.model_dump()["mel"], "triangles": "mel"})
    return mel, spec.sample_rate_hz, spec.n_fft


def _share(wanted: NDArray[np.float64], got: NDArray[np.float32]) -> float:
    return float(np.abs(wanted - got).max() / np.abs(wanted).max())


def _in_torch(graph: Graph, given: NDArray[np.float32]) -> NDArray[np.float32]:
    import torch

    from fieldpack_converters.front_end.in_torch import FrontEndModule

    result: NDArray[np.float32] = FrontEndModule(graph)(torch.from_numpy(given)).numpy()
    return result


def _in_keras(graph: Graph, given: NDArray[np.float32]) -> NDArray[np.float32]:
    from fieldpack_converters.front_end.in_keras import front_end_model

    return np.asarray(front_end_model(graph)(given))


_RUNNERS = {"torch": _in_torch, "keras": _in_keras}
