"""Train: ``python -m fieldpack_reference_models.nature_torch.train --data FOLDER --out FILE``.

FOLDER holds ``vision/`` (photos by split) and ``models/vision/coral/`` (start weights). It takes a GPU
where PyTorch finds one. ``learning/loop.py`` is the loop, ``RECIPE`` what was chosen on the
validation split.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fieldpack.contract.inputs import ImageInput
from fieldpack_reference_models.learning.dequantise import Layer
from fieldpack_reference_models.learning.program import Trainable, train_command
from fieldpack_reference_models.learning.torch_learner import TorchLearner, framework, save, stored
from fieldpack_reference_models.nature.photo_task import PhotoRecipe, photo_task
from fieldpack_reference_models.nature_torch import network

RECIPE = PhotoRecipe(
    seed=20261,
    epochs=8,
    batch=32,
    peak_rate=1e-4,
    weight_decay=0.02,
    head_decay=0.1,
    smoothing=0.1,
    mixup=0.2,
    smallest_crop=0.4,
    average=0.99,
)


def learner(contract: ImageInput, classes: int, layers: Sequence[Layer], recipe: PhotoRecipe) -> TorchLearner:
    """The network with the published backbone, ready to train; same seed, same weights."""
    framework().manual_seed(recipe.seed)
    module = network.build(classes)
    network.load_backbone(module, layers)
    return TorchLearner(module, recipe.weight_decay, recipe.average)


def load(path: Path, contract: ImageInput, classes: int, recipe: PhotoRecipe) -> TorchLearner:
    """The stored weights, for predictions."""
    module = stored(path, network.build(classes))
    return TorchLearner(module, recipe.weight_decay, recipe.average)


MODEL = Trainable(
    module="fieldpack_reference_models.nature_torch",
    folder=Path(__file__).parent,
    start="models/vision/coral/mobilenet_v1_1.0_224_quant_embedding_extractor.tflite",
    recipe=RECIPE,
    task=photo_task,
    learner=learner,
    save=save,
    load=load,
    packages=("torch", "numpy", "pillow"),
    architecture="MobileNetV1 of width 1.0 (arXiv:1704.04861), batch normalisation folded.",
    output="logits",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and store; see :func:`~..learning.program.train_command`."""
    return train_command(MODEL, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
