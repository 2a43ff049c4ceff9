"""The real models that the studies pack, each with its sibling by other hands.

A sibling is the int8 ``.tflite`` that the makers of a model published beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fieldpack_benchmarks.data_root import SPECS

INT8 = "tflite-int8"
"""The flavour that is held against the sibling."""


@dataclass(frozen=True, slots=True)
class Case:
    """One model.

    Attributes
    ----------
    name : str
        Its spec, ``<name>.toml``.
    head : str
        Regular expression of the layer that makes the scores.
    sibling : str or None
        Path of the published int8 file below the data folder.
    label_map : str or None
        CSV beside the spec from the data's classes to the model's, where the evaluation data have labels
        for some examples only.
    by_window : bool
        Whether each window of a recording counts as an example, where there are too few recordings.
    pictures : tuple of (path, label or None)
        Sample pictures below the data folder; where a label is given, every flavour must say it.
    specs : Path
        Folder of the spec and of the label map.
    """

    name: str
    head: str
    sibling: str | None = None
    label_map: str | None = None
    by_window: bool = False
    pictures: tuple[tuple[str, str | None], ...] = ()
    specs: Path = SPECS

    @property
    def spec(self) -> Path:
        """The spec's file."""
        return self.specs / f"{self.name}.toml"


CASES = (
    Case(
        "mobilenet_v1_025",
        head="conv_preds",
        label_map="labels/imagenet_of_vision.csv",
        pictures=(
            ("models/vision/coral/parrot.jpg", "macaw"),
            ("models/vision/coral/cat.bmp", None),
            ("models/vision/coral/bird.bmp", None),
            ("models/vision/coral/sunflower.bmp", None),
        ),
    ),
    Case("vww_96", head="dense", sibling="models/vision/mlperf_tiny/vww_96_int8.tflite"),
    Case("cifar_resnet8", head="dense", sibling="models/vision/mlperf_tiny/pretrainedResnet_quant.tflite"),
    Case("cifar_resnet20", head="serving_default_output"),
    Case("cifar_resnet56", head="serving_default_output"),
    Case(
        "yamnet256_esc10",
        head="new_head",
        sibling="models/sound/stm_esc10_yamnet256/yamnet_256_64x96_int8.tflite",
    ),
    Case(
        "miniresnet_esc10",
        head="new_head",
        sibling="models/sound/stm_esc10_miniresnet/miniresnet_1stacks_64x50_int8.tflite",
    ),
    Case(
        "birdnet_stm32",
        head="pred",
        sibling="models/sound/birdnet_stm32/birdnet_stm32n6_100.tflite",
        by_window=True,
    ),
)
QUICK = ("mobilenet_v1_025", "cifar_resnet8", "yamnet256_esc10")
QUICK_ITEMS = 100
