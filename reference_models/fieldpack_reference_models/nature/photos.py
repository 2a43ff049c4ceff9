"""The photos: read from a manifest by split, prepared for a network exactly as a packed model gets them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fieldpack.contract.inputs import ImageInput
from fieldpack.errors import InputError
from fieldpack.preprocess.image import open_picture, prepare_image, to_tensor

COLUMNS = ("path", "class", "split")


@dataclass(frozen=True, slots=True)
class Photos:
    """One split: RGB pictures of any size, and int64 labels [N], index into the label list."""

    pictures: Sequence[Image.Image]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


def read_split(folder: Path, split: str, classes: Sequence[str]) -> Photos:
    """Read the photos of a split.

    Parameters
    ----------
    folder : Path
        Holds ``manifest.csv`` with the columns ``path``, ``class`` and ``split``; paths are relative to it.
    split : str
        Value of the column ``split``.
    classes : sequence of str
        Labels in output order.

    Returns
    -------
    Photos
        In the order of the manifest.

    Raises
    ------
    InputError
        The manifest is missing or lacks a column, the split is empty, a class is not known, or a photo
        is damaged.
    """
    rows = [row for row in _rows(folder / "manifest.csv") if row["split"] == split]
    unknown = sorted({row["class"] for row in rows} - set(classes))
    if not rows or unknown:
        raise InputError(
            f"The split {split!r} of {folder} cannot be used.",
            came="no photo" if not rows else f"classes that are not known: {', '.join(unknown[:5])}",
            allowed="at least one photo, each of one of the classes of labels.txt",
        )
    order = {name: index for index, name in enumerate(classes)}
    labels = np.array([order[row["class"]] for row in rows], np.int64)
    return Photos([open_picture(folder / row["path"]) for row in rows], labels)


def _rows(manifest: Path) -> list[dict[str, str]]:
    try:
        with manifest.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{manifest} lacks columns", came=", ".join(missing), allowed=", ".join(COLUMNS)
                )
            return list(reader)
    except OSError as error:
        raise InputError(
            f"{manifest} cannot be read", came=error.strerror, hint="name the folder that holds the photos"
        ) from error


def tensors(pictures: Sequence[Image.Image], contract: ImageInput) -> NDArray[np.float32]:
    """What the network takes: float32 [N, H, W, 3] or [N, 3, H, W] as the contract says."""
    pixels = np.stack([prepare_image(picture, contract) for picture in pictures])
    scale, offset = contract.scale_offset()
    return to_tensor(pixels, scale, offset, contract.layout)
