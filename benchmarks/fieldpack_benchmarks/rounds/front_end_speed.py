"""Worker target: our TFLite front-end beside librosa, ``tf.signal`` and a convolution in torch, in turn.

All four make the same mel spectrogram of the same window on one thread of one process. The scale of the
samples is done for the other three beforehand, so that they are timed without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract import MelSpec, SpectrogramInput
from fieldpack.preprocess.mel import mel_filters
from fieldpack.preprocess.spectrogram import window_of
from fieldpack_benchmarks.rounds.packages import Report, silent
from fieldpack_benchmarks.timing import interleaved

OURS, LIBROSA, TF_SIGNAL, TORCH = "ours, TFLite", "librosa", "tf.signal", "torch, convolution"
WARM_UPS = 3
Action = Callable[[], NDArray[np.float32]]


def tf_filters(contracts: dict[str, dict[str, Any]], folder: str) -> dict[str, Any]:
    """The filters of ``tf.signal`` in float64 of every channel whose triangles are straight over mel.

    Returns
    -------
    dict
        Name -> list, a channel each, of the ``.npy`` [bins, bands] or None.
    """
    import tensorflow as tf

    written: dict[str, Any] = {}
    for name, words in contracts.items():
        written[name] = []
        for place, spec in enumerate(SpectrogramInput.model_validate(words).channels):
            if isinstance(spec.mel, str) or spec.mel.triangles == "hz":
                written[name].append(None)
                continue
            bank = tf.signal.linear_to_mel_weight_matrix(
                spec.mel.bands,
                spec.n_fft // 2 + 1,
                spec.sample_rate_hz,
                spec.mel.fmin_hz,
                spec.mel.fmax_hz,
                tf.float64,
            )
            path = os.path.join(folder, f"{name}-{place}.npy")
            np.save(path, bank.numpy())
            written[name].append(path)
    return written


def timed(
    contract: dict[str, Any], model: str, sound: str, rounds: int, report: Report = silent
) -> dict[str, Any]:
    """Time the four of a front-end with one channel, in turn.

    Parameters
    ----------
    contract : dict
        A ``SpectrogramInput`` of one channel whose patch is natural logarithms.
    model : str
        Our TFLite file.
    sound : str
        ``.npy`` float32 [1, samples].
    rounds : int
        Timed values of each.

    Returns
    -------
    dict
        ``timings``: name -> ``warm_ups`` and ``values`` in ms; ``apart``: name -> largest difference from
        ours, as a share of the largest value.
    """
    stated = SpectrogramInput.model_validate(contract)
    given = np.load(sound)
    report("prepare", 0.1)
    makers = {OURS: _ours, LIBROSA: _librosa, TF_SIGNAL: _tf_signal, TORCH: _torch}
    actions = {name: make(stated, given, model) for name, make in makers.items()}
    first = actions[OURS]()
    apart = {name: float(np.abs(act() - first).max() / np.abs(first).max()) for name, act in actions.items()}
    report("time", 0.5)
    taken = interleaved(actions, rounds, WARM_UPS)
    return {
        "timings": {
            name: {"warm_ups": list(one.warm_ups), "values": list(one.values)} for name, one in taken.items()
        },
        "apart": apart,
    }


def _ours(contract: SpectrogramInput, given: NDArray[np.float32], model: str) -> Action:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(model, num_threads=1)
    runner.allocate_tensors()
    taken, made = runner.get_input_details()[0]["index"], runner.get_output_details()[0]["index"]

    def act() -> NDArray[np.float32]:
        runner.set_tensor(taken, given)
        runner.invoke()
        patch: NDArray[np.float32] = runner.get_tensor(made)[0, ..., 0]
        return patch

    return act


def _peaked(given: NDArray[np.float32], spec: MelSpec) -> NDArray[np.float32]:
    """The samples as the transform sees them, float32 [n]."""
    from fieldpack.preprocess.value_scale import scaled

    return np.asarray(scaled(given[0], spec.value_scale), np.float32)


def _librosa(contract: SpectrogramInput, given: NDArray[np.float32], model: str) -> Action:
    import librosa

    spec, bank = contract.front_end, _bank(contract.front_end)
    window, sound = window_of(spec).astype(np.float32), _peaked(given, spec)

    def act() -> NDArray[np.float32]:
        transform = librosa.stft(
            sound,
            n_fft=spec.n_fft,
            hop_length=spec.hop_length,
            window=window,
            center=spec.center,
            pad_mode=spec.pad_mode,
        )
        values = bank.T @ np.abs(transform[:, : contract.frames]) ** spec.power
        patch: NDArray[np.float32] = _logarithm(np, values, spec)
        return patch

    return act


def _tf_signal(contract: SpectrogramInput, given: NDArray[np.float32], model: str) -> Action:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    spec, bank = contract.front_end, tf.constant(_bank(contract.front_end))
    half = spec.n_fft // 2 if spec.center else 0
    window = tf.constant(window_of(spec).astype(np.float32))

    @tf.function  # type: ignore[untyped-decorator]
    def graph(sound: Any) -> Any:
        framed = tf.signal.stft(
            tf.pad(sound, [[half, half]]),
            spec.n_fft,
            spec.hop_length,
            spec.n_fft,
            window_fn=lambda length, dtype: window,
        )[: contract.frames]
        values = tf.abs(framed) ** spec.power @ bank
        return tf.transpose(_logarithm(tf, values, spec))

    heard = tf.constant(_peaked(given, spec))

    def act() -> NDArray[np.float32]:
        patch: NDArray[np.float32] = graph(heard).numpy()
        return patch

    return act


def _torch(contract: SpectrogramInput, given: NDArray[np.float32], model: str) -> Action:
    """The usual way to a mel inside a torch model: a convolution with windowed waves, all bins."""
    import torch

    torch.set_num_threads(1)
    spec = contract.front_end
    turns = np.outer(np.arange(spec.n_fft // 2 + 1), np.arange(spec.n_fft)) % spec.n_fft
    waves = np.exp(-2j * np.pi * turns / spec.n_fft) * window_of(spec)
    kernel = torch.tensor(np.concatenate([waves.real, waves.imag])[:, None].astype(np.float32))
    bank = torch.tensor(_bank(spec))
    half, bins = (spec.n_fft // 2 if spec.center else 0), spec.n_fft // 2 + 1

    heard = torch.from_numpy(_peaked(given, spec))[None, None]

    def act() -> NDArray[np.float32]:
        with torch.inference_mode():
            sound = torch.nn.functional.pad(heard, (half, half))
            both = torch.nn.functional.conv1d(sound, kernel, stride=spec.hop_length)[0, :, : contract.frames]
            power = both[:bins] ** 2 + both[bins:] ** 2
            values = bank.T @ (power if spec.power == 2 else power.sqrt())
            patch: NDArray[np.float32] = _logarithm(torch, values, spec).numpy()
        return patch

    return act


def _bank(spec: MelSpec) -> NDArray[np.float32]:
    if isinstance(spec.mel, str):
        raise TypeError("what is timed has mel filters")
    return mel_filters(spec.mel, spec.sample_rate_hz, spec.n_fft).T.astype(np.float32)


def _logarithm(library: Any, values: Any, spec: MelSpec) -> Any:
    """The natural logarithm of the setting by numpy, tf.math or torch."""
    log = spec.log
    if log.kind != "ln" or log.floor_kind != "least":
        raise TypeError("what is timed has natural logarithms of at least a floor")
    if hasattr(library, "clamp"):
        return log.factor * library.log(library.clamp(values, min=log.floor))
    take = library.math.log if hasattr(library, "function") else library.log
    return log.factor * take(library.maximum(values, log.floor))
