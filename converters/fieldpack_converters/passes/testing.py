"""A small task that a tiny network learns in seconds, and subjects to try passes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.spec import SourceKind
from fieldpack_converters.opened_source import Array, OpenedSource, TensorFact
from fieldpack_converters.passes.subject import Examples, Subject
from fieldpack_converters.torch_source import call_module

CLASSES, SIZE, COUNT = 4, 12, 480


def task(layout: str, seed: int = 0) -> tuple[Array, Array]:
    """Pictures with stripes of four directions under noise, and which one; float32 [N, ...], int64 [N]."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, CLASSES, COUNT)
    row, column = np.mgrid[0:SIZE, 0:SIZE]
    waves = np.stack([row, column, row + column, row - column]) * (np.pi / 2)
    phase = generator.uniform(0, 2 * np.pi, (COUNT, 1, 1))
    pictures = np.sin(waves[labels] + phase)[..., None] * [1.0, 0.5, -0.5]
    pictures = pictures + generator.normal(0, 0.7, pictures.shape)
    values = pictures.astype(np.float32)
    return (values.transpose(0, 3, 1, 2).copy() if layout == "NCHW" else values), labels.astype(np.int64)


def torch_opened(
    module: Any, shape: tuple[int, ...] = (3, SIZE, SIZE), classes: int = CLASSES
) -> OpenedSource:
    """A module as if a spec had named it."""
    module.eval()
    return OpenedSource(
        kind=SourceKind.TORCH,
        framework="torch",
        inputs=(TensorFact("input_0", (None, *shape), "float32"),),
        outputs=(TensorFact("output_0", (None, classes), "float32"),),
        parameters=int(sum(p.numel() for p in module.parameters())),
        digest="",
        model=module,
        call=lambda arrays: call_module(module, arrays),
        layout="NCHW",
    )


def make_subject(opened: OpenedSource, original: OpenedSource, folder: Path, **changes: Any) -> Subject:
    """A subject with the task as training and calibration data."""
    inputs, labels = task(opened.layout)
    fields: dict[str, Any] = {
        "opened": opened,
        "original": original,
        "training": Examples([inputs], labels),
        "calibration": Examples([inputs[:64]], labels[:64]),
        "activation": "softmax",
        "seed": 0,
        "folder": folder,
        "report": lambda stage, fraction: None,
    }
    return Subject(**(fields | changes))


def accuracy(opened: OpenedSource) -> float:
    """Share of unseen pictures of the task that are told right."""
    inputs, labels = task(opened.layout, seed=1)
    return float((opened.call([inputs])[0].argmax(axis=1) == labels).mean())
