"""Opening a ``.tflite`` file: the path, the operating system's errors and the mapping.

A file is mapped, read for its facts in one go and closed again, so a head of several hundred
megabytes costs no memory and a defect anywhere in the tables shows at once.
"""

from __future__ import annotations

import mmap
from pathlib import Path

from fieldpack.errors import ModelFileError
from fieldpack.tflite.decoder import decode
from fieldpack.tflite.facts import Operator, Signature, Subgraph, Tensor, TfliteModel

__all__ = ["Operator", "Signature", "Subgraph", "Tensor", "TfliteModel", "open_model", "parse_model"]


def open_model(path: Path | str) -> TfliteModel:
    """Read the facts of a ``.tflite`` file, without running it.

    Parameters
    ----------
    path : pathlib.Path or str
        The file.

    Returns
    -------
    TfliteModel
        Subgraphs, tensors, operators, signatures and metadata.

    Raises
    ------
    ModelFileError
        If the file is missing, empty, cut off, of another kind, or inconsistent.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            if path.stat().st_size == 0:
                raise ModelFileError(
                    f"{path} is empty", allowed="a TFLite file", hint="copy or export it again"
                )
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return decode(data, path)
    except ModelFileError:
        raise
    except OSError as error:
        raise ModelFileError(
            f"{path} cannot be opened as a TFLite file", came=error, allowed="a readable file"
        ) from error


def parse_model(data: bytes, label: str = "model.tflite") -> TfliteModel:
    """Read the facts of a ``.tflite`` file that is in memory; see ``open_model``.

    ``label`` stands for the path, so ``read_buffer`` of the result finds nothing.
    """
    return decode(data, Path(label))
