"""A tiny bundle that hears three tones, for tests of anything that takes recordings.

One dense layer looks at the mean level of a mel band near each tone; its golden outputs are computed here in
float64. Fields of the front-end, of the output and of the windows are changed by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.digest import content_digest, sha256_bytes
from fieldpack.bundle.labels import labels_bytes
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.resampling import resampling_tables
from fieldpack.bundle.write import BundleWriter
from fieldpack.contract import Contract, SpectrogramInput
from fieldpack.testing import dense_tflite
from fieldpack.tflite.file import open_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE_HZ = 8000
TONES_HZ = (500.0, 1200.0, 2500.0)
TONE_LABELS = ("Bufo bufo_Common Toad", "Athene noctua_Little Owl", "Parus major_Great Tit")
POLYPHASE = {"kind": "polyphase", "zero_crossings": 32, "kaiser_beta": 9.0, "rolloff": 0.91}
MODEL = "flavours/tflite-float32/model.tflite"
BANDS, FRAMES, HOP, FFT = 16, 97, 80, 256
WINDOW = (FRAMES - 1) * HOP + FFT
"""Samples of one window, 0.99 s, of which a front-end that does not centre makes exactly ``FRAMES``."""


def tone(seconds: float, hz: float, level: float = 0.3, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    """A tone of this level over faint noise, float32 [n]."""
    import numpy as np

    time = np.arange(round(seconds * rate_hz)) / rate_hz
    noise = 1e-4 * np.random.default_rng(len(time)).normal(size=len(time))
    samples: NDArray[np.float32] = (level * np.sin(2 * np.pi * hz * time) + noise).astype(np.float32)
    return samples


def tone_contract(
    front_end: Mapping[str, Any] | None = None,
    windows: Mapping[str, Any] | None = None,
    output: Mapping[str, Any] | None = None,
    frames: int = FRAMES,
) -> Contract:
    """The contract of the tiny bundle, with these fields changed."""
    fields: dict[str, Any] = {
        "sample_rate_hz": RATE_HZ,
        "resampler": POLYPHASE,
        "channel_mix": "mean",
        "low_rate": "refuse",
        "min_seconds": 0.0,
        "max_seconds": 60.0,
        "remove_silence": "none",
        "n_fft": FFT,
        "win_length": FFT,
        "hop_length": HOP,
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
            "bands": BANDS,
            "fmin_hz": 100.0,
            "fmax_hz": 4000.0,
            "scale": "htk",
            "norm": "none",
            "triangles": "hz",
        },
        "log": {"kind": "ln", "floor": 1e-4, "floor_kind": "added", "factor": 1.0},
        "normalization": "none",
        "windows": {"samples": WINDOW, "overlap": 0.5, "last": "pad", "pooling": "max", **(windows or {})},
        **(front_end or {}),
    }
    scores = {"name": "scores", "activation": "sigmoid", "labels": "labels/scores.txt", "threshold": 0.5}
    spectrogram = {
        "kind": "spectrogram",
        "name": "spectrogram",
        "bands": fields["n_fft"] // 2 + 1 if fields["mel"] == "none" else fields["mel"]["bands"],
        "frames": frames,
        "axes": ["band", "frame", "channel"],
        "front_end": fields,
    }
    return Contract.model_validate({"inputs": [spectrogram], "outputs": [{**scores, **(output or {})}]})


def tone_bundle(target: Path, contract: Contract | None = None) -> Path:
    """Write the tiny bundle to `target` and return `target`."""
    contract = contract or tone_contract()
    with BundleWriter(target) as writer:
        writer.commit(tone_content(writer, contract))
    return target


def tone_content(writer: BundleWriter, contract: Contract) -> dict[str, Any]:
    """Stage the files of the tiny bundle and return the fields for ``writer.commit``."""
    return sound_content(writer, contract, _tone_model(contract))


@dataclass(frozen=True, slots=True)
class SoundModel:
    """A TFLite file with its labels and golden vectors.

    Attributes
    ----------
    data : bytes
        The file, of one input and one output.
    labels : tuple of str
        In output order.
    inputs, scores : ndarray
        float32 [K, *shape of the input], float32 [K, labels].
    """

    data: bytes
    labels: tuple[str, ...]
    inputs: NDArray[np.float32]
    scores: NDArray[np.float32]


def sound_content(writer: BundleWriter, contract: Contract, model: SoundModel) -> dict[str, Any]:
    """Stage the files of a bundle of one sound model and return the fields for ``writer.commit``."""
    (taken,) = contract.inputs
    writer.add_bytes("labels/scores.txt", labels_bytes(model.labels))
    writer.add_bytes(f"golden/{taken.name}.npy", npy_bytes(model.inputs))
    for name in ("golden/scores.npy", "golden/tflite-float32/scores.npy"):
        writer.add_bytes(name, npy_bytes(model.scores))
    writer.add_bytes("evidence/parity.json", b"{}\n")
    writer.add_bytes(MODEL, model.data)
    tables = resampling_tables(contract)
    for table, data in tables:
        writer.add_bytes(table.path, data)
    fields = _fields(contract, _flavour(writer.path(MODEL), contract), len(model.inputs))
    return {**fields, "resampling": [table.model_dump() for table, _ in tables]}


def _tone_model(contract: Contract) -> SoundModel:
    spectrogram, output = contract.inputs[0], contract.outputs[0]
    if not isinstance(spectrogram, SpectrogramInput):
        raise TypeError(f"the tiny model hears spectrograms, not a {spectrogram.kind}")
    weights, bias = _parameters(spectrogram)
    kinds: dict[str, Literal["softmax", "sigmoid", "linear"]] = {"softmax": "softmax", "sigmoid": "sigmoid"}
    kind = kinds.get(output.activation.value, "linear")
    data = dense_tflite(spectrogram.name, (1, *spectrogram.shape), weights, bias, kind)
    return SoundModel(data, TONE_LABELS, *_golden(spectrogram, kind))


def _parameters(spectrogram: SpectrogramInput) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Each label answers to the mean level of the band that its tone is loudest in."""
    import numpy as np

    from fieldpack.preprocess.spectrogram import spectrogram as levels

    weights = np.zeros((len(TONES_HZ), spectrogram.bands, spectrogram.frames), np.float32)
    for label, hz in enumerate(TONES_HZ):
        sound = tone(1.0, hz, rate_hz=spectrogram.front_end.sample_rate_hz)
        rows = levels(sound, spectrogram.front_end).mean(axis=1)
        weights[label, int(rows.argmax())] = 1.0 / spectrogram.frames
    return weights.reshape(len(TONES_HZ), -1), np.zeros(len(TONES_HZ), np.float32)


def _golden(spectrogram: SpectrogramInput, kind: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    import numpy as np

    from fieldpack.preprocess.spectrogram import patches

    rate = spectrogram.front_end.sample_rate_hz
    sounds = [tone(1.5, hz, rate_hz=rate) for hz in TONES_HZ]
    inputs = np.concatenate([patches(sound, rate, spectrogram)[:1] for sound in sounds])
    weights, bias = _parameters(spectrogram)
    logits = inputs.reshape(len(inputs), -1).astype(np.float64) @ weights.T + bias
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores = {
        "softmax": powers / powers.sum(axis=1, keepdims=True),
        "sigmoid": 1 / (1 + np.exp(-logits)),
        "linear": logits,
    }
    return inputs, scores[kind].astype(np.float32)


def _flavour(model: Path, contract: Contract) -> dict[str, Any]:
    from fieldpack.build.borders import find_borders

    size = model.stat().st_size
    inputs, outputs = find_borders(FlavourKind.TFLITE, model, contract, folded=False)
    return {
        "name": "tflite-float32",
        "kind": "tflite",
        "path": MODEL,
        "digest": content_digest(model),
        "installed_bytes": size,
        "download_bytes": size,
        "inputs": [item.model_dump() for item in inputs],
        "outputs": [item.model_dump() for item in outputs],
        "requires": {"operators": dict(sorted(open_model(model).op_versions().items()))},
        "compression": {
            "recipe": [{"method": "float32", "layers": ".*"}],
            "matched": [1],
            "changed": 0,
            "unchanged": 1,
        },
        "golden": {
            "files": {"scores": "golden/tflite-float32/scores.npy"},
            "tolerance": {"scores": 1e-4},
        },
    }


def _fields(contract: Contract, flavour: dict[str, Any], count: int) -> dict[str, Any]:
    data = {"description": "seeded", "count": count, "digest": sha256_bytes(b"tones")}
    return {
        "name": "tones",
        "version": "1.0.0",
        "description": "Three animals that only whistle one tone.",
        "license": "CC0-1.0",
        "contract": contract.model_dump(mode="json"),
        "flavours": [flavour],
        "golden": {
            "ids": [f"tone-{number}" for number in range(count)],
            "inputs": {contract.inputs[0].name: f"golden/{contract.inputs[0].name}.npy"},
            "outputs": {"scores": "golden/scores.npy"},
        },
        "lineage": {
            "source_kind": "keras",
            "source_digest": sha256_bytes(b"tone source"),
            "source_parameters": 3,
            "spec_digest": sha256_bytes(b"tone spec"),
            "seed": 0,
            "tools": {"fieldpack": "0.1.0"},
            "data": {"evaluation": data},
        },
        "budget": {"every": {"installed_bytes": 1000000}},
        "verdicts": [],
        "evidence": "evidence/parity.json",
    }
