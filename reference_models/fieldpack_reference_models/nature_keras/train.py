"""Train: ``python -m fieldpack_reference_models.nature_keras.train --data FOLDER --out FILE``.

FOLDER holds ``vision/`` (photos by split) and ``models/vision/coral/`` (start weights). It takes a GPU
where TensorFlow finds one. ``learning/loop.py`` is the loop, ``RECIPE`` what was chosen on the
validation split.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fieldpack.contract.inputs import ImageInput
from fieldpack.errors import MissingDependencyError
from fieldpack_reference_models import keras_archive
from fieldpack_reference_models.learning.dequantise import Layer
from fieldpack_reference_models.learning.program import Trainable, train_command
from fieldpack_reference_models.nature.photo_task import PhotoRecipe, photo_task
from fieldpack_reference_models.nature_keras import network
from fieldpack_reference_models.nature_keras.learner import KerasLearner

RECIPE = PhotoRecipe(
    seed=20260,
    epochs=20,
    batch=32,
    peak_rate=3e-4,
    weight_decay=0.02,
    head_decay=0.01,
    smoothing=0.1,
    mixup=0.2,
    smallest_crop=0.4,
    average=0.99,
)


def learner(contract: ImageInput, classes: int, layers: Sequence[Layer], recipe: PhotoRecipe) -> KerasLearner:
    """The network with the published backbone, ready to train; same seed, same weights."""
    keras, tensorflow = _frameworks()
    keras.utils.set_random_seed(recipe.seed)
    tensorflow.config.experimental.enable_op_determinism()
    model = network.build(contract.height, classes)
    network.load_backbone(model, layers)
    return KerasLearner(model, recipe.weight_decay, recipe.average)


def save(trained: KerasLearner, path: Path) -> None:
    """The averaged weights as a ``.keras`` archive whose weights are float16."""
    keras, _ = _frameworks()
    loose = path.with_suffix(".loose.keras")
    keras.saving.save_model(trained.averaged, loose)
    path.write_bytes(keras_archive.settled(keras_archive.halved(loose.read_bytes())))
    loose.unlink()


def load(path: Path, contract: ImageInput, classes: int, recipe: PhotoRecipe) -> KerasLearner:
    """The stored weights, widened to float32, for predictions."""
    keras, _ = _frameworks()
    model = keras.models.load_model(path, compile=False)
    return KerasLearner(model, recipe.weight_decay, recipe.average)


def _frameworks() -> tuple[Any, Any]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import keras
        import tensorflow
    except ImportError as error:
        raise MissingDependencyError(
            "Training needs TensorFlow and Keras.", came=error, hint="pip install 'fieldpack[keras]'"
        ) from error
    return keras, tensorflow


MODEL = Trainable(
    module="fieldpack_reference_models.nature_keras",
    folder=Path(__file__).parent,
    start="models/vision/coral/mobilenet_v2_1.0_224_quant.tflite",
    recipe=RECIPE,
    task=photo_task,
    learner=learner,
    save=save,
    load=load,
    packages=("tensorflow", "keras", "numpy", "pillow"),
    architecture="MobileNetV2 of width 1.0 (arXiv:1801.04381), batch normalisation folded.",
    output="softmax",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and store; see :func:`~..learning.program.train_command`."""
    return train_command(MODEL, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
