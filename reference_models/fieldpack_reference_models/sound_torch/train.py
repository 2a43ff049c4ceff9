"""Train: ``python -m fieldpack_reference_models.sound_torch.train --data FOLDER --out FILE``.

FOLDER holds ``sound/`` (recordings by fold) and ``models/sound/yamnet/`` (start weights).
``learning/loop.py`` is the loop, and ``cross_validate.py`` judges ``RECIPE`` on the training folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fieldpack.contract.inputs import WaveformInput
from fieldpack_reference_models.learning.dequantise import Layer, NamedBy
from fieldpack_reference_models.learning.program import Trainable, train_command
from fieldpack_reference_models.learning.torch_learner import TorchLearner, framework, save, stored
from fieldpack_reference_models.sound_torch import network
from fieldpack_reference_models.sound_torch.sound_task import SoundRecipe, sound_task

RECIPE = SoundRecipe(
    seed=20262,
    epochs=8,
    batch=32,
    peak_rate=2e-4,
    weight_decay=0.02,
    head_decay=0.1,
    smoothing=0.1,
    average=0.99,
    windows=1056,
    mixed=0.4,
    in_background=0.3,
    masked=0.5,
)


def learner(
    contract: WaveformInput, classes: int, layers: Sequence[Layer], recipe: SoundRecipe
) -> TorchLearner:
    """The network with the published body, ready to train; same seed, same weights."""
    framework().manual_seed(recipe.seed)
    module = network.body(classes)
    network.load_backbone(module, layers)
    return TorchLearner(module, recipe.weight_decay, recipe.average)


def load(path: Path, contract: WaveformInput, classes: int, recipe: SoundRecipe) -> TorchLearner:
    """The stored weights, for predictions."""
    module = stored(path, network.body(classes))
    return TorchLearner(module, recipe.weight_decay, recipe.average)


MODEL = Trainable(
    module="fieldpack_reference_models.sound_torch",
    folder=Path(__file__).parent,
    start="models/sound/yamnet/yamnet.tflite",
    recipe=RECIPE,
    task=sound_task,
    learner=learner,
    save=save,
    load=load,
    packages=("torch", "numpy", "soundfile"),
    architecture="MobileNetV1 of width 1.0 without its last block (arXiv:1704.04861), as YAMNet has it, "
    "batch normalisation folded.",
    output="logits",
    named_by=NamedBy.RESULT,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and store; see :func:`~..learning.program.train_command`."""
    return train_command(MODEL, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
