"""Worker target: TensorFlow Lite's own converter, static int8 with a representative data set.

A Keras model goes through ``TFLiteConverter.from_keras_model``. A PyTorch model has no such way; its float
TFLite file goes through the calibrator and the quantiser that the converter itself calls.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np


def quantize(calibration: list[str], path: str, source: dict[str, Any], model: str) -> dict[str, Any]:
    """Write a static int8 TFLite file with float borders.

    Parameters
    ----------
    calibration : list of str
        One ``.npy`` [N, ...] an input, of the Keras model or of the float file.
    path : str
        File to write.
    source : dict
        ``kind`` and ``path`` of a Keras model; another kind is quantised from `model`.
    model : str
        The float TFLite file.
    """
    os.environ["TF_USE_LEGACY_KERAS"] = "1" if source["kind"] == "keras_legacy" else "0"
    samples = _samples([np.load(name, mmap_mode="r") for name in calibration])
    if source["kind"] in ("keras", "keras_legacy"):
        content = _from_keras(source, samples)
    else:
        content = _from_float_file(Path(model).read_bytes(), samples)
    Path(path).write_bytes(content)
    return {"path": path}


def _samples(arrays: list[Any]) -> Callable[[], Iterator[list[Any]]]:
    def given() -> Iterator[list[Any]]:
        for index in range(len(arrays[0])):
            yield [np.asarray(array[index : index + 1], np.float32) for array in arrays]

    return given


def _from_keras(source: dict[str, Any], samples: Callable[[], Iterator[list[Any]]]) -> bytes:
    import tensorflow as tf

    if source["kind"] == "keras_legacy":
        import tf_keras as keras
    else:
        import keras
    model = keras.models.load_model(source["path"], compile=False)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    return bytes(converter.convert())


def _from_float_file(content: bytes, samples: Callable[[], Iterator[list[Any]]]) -> bytes:
    import tensorflow as tf
    from tensorflow.lite.python.optimize.calibrator import Calibrator

    # What the converter does with ``experimental_new_quantizer = False``; its newer quantiser leaves the
    # weights of such a file float.
    floating = tf.float32
    return bytes(Calibrator(content).calibrate_and_quantize(samples, floating, floating, allow_float=True))
