"""The state of a training run on disk: whole or not at all, and only for the run that it belongs to."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import StorageError

_MARK = "__run__"
State = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a killed run needs to go on.

    Attributes
    ----------
    epochs_done : int
        Finished epochs.
    wall_s, cpu_s : float
        Seconds spent so far, all starts together.
    state : dict
        Name -> array: weights, their average, and the optimiser's memory.
    """

    epochs_done: int
    wall_s: float
    cpu_s: float
    state: State


def write_checkpoint(path: Path, checkpoint: Checkpoint, run: str) -> None:
    """Write in one rename, so that a kill leaves the old file or the new one; `run` names recipe and data."""
    mark = {"run": run, "epochs": checkpoint.epochs_done, "wall": checkpoint.wall_s, "cpu": checkpoint.cpu_s}
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **{_MARK: np.array(json.dumps(mark))}, **checkpoint.state)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_checkpoint(path: Path, run: str) -> Checkpoint | None:
    """The state to go on from, None where there is no file.

    Raises
    ------
    StorageError
        The file is damaged, or belongs to a run of another recipe or other data.
    """
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as archive:
            state = {name: archive[name] for name in archive.files}
        mark = json.loads(str(state.pop(_MARK)))
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise StorageError(
            f"{path} is not a checkpoint of this program", came=error, hint="remove it to start from anew"
        ) from error
    if mark["run"] != run:
        raise StorageError(
            f"{path} belongs to another run",
            came=mark["run"],
            allowed=run,
            hint="remove it, or train into another file",
        )
    return Checkpoint(mark["epochs"], mark["wall"], mark["cpu"], state)
