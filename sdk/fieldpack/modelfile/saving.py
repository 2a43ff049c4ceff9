"""Outputs of a run as files: arrays as ``.npy``, pictures as ``.png`` as well."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fieldpack.errors import StorageError
from fieldpack.modelfile.slot import Slot


def save_outputs(folder: Path, outputs: Mapping[str, NDArray[Any]], slots: Sequence[Slot]) -> list[Path]:
    """Write every output; returns the files, in the order of the outputs.

    A name that is no file name has its other characters replaced by ``_``; two outputs that would meet
    are numbered.

    Raises
    ------
    StorageError
        A file cannot be written.
    """
    pictures = {slot.name for slot in slots if slot.kind == "image" and slot.dtype == "uint8"}
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, stem in _stems(outputs).items():
            written.append(folder / f"{stem}.npy")
            np.save(written[-1], outputs[name], allow_pickle=False)
            if name in pictures:
                written.append(folder / f"{stem}.png")
                pixels = outputs[name][0]
                Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0]).save(written[-1])
    except OSError as error:
        raise StorageError("the outputs cannot be written", came=f"{folder}: {error.strerror}") from error
    return written


def _stems(names: Mapping[str, Any]) -> dict[str, str]:
    stems: dict[str, str] = {}
    for number, name in enumerate(names):
        stem = re.sub(r"[^A-Za-z0-9_-]", "_", name) or "output"
        stems[name] = stem if stem.lower() not in {s.lower() for s in stems.values()} else f"{stem}-{number}"
    return stems
