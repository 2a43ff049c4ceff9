"""A checkpoint comes back as it was, or is refused with the reason."""

from pathlib import Path

import numpy as np
import pytest

from fieldpack.errors import StorageError
from fieldpack_reference_models.learning.checkpoint import Checkpoint, read_checkpoint, write_checkpoint

STATE = {"weights.0": np.arange(6, dtype=np.float32).reshape(2, 3), "optimiser.step": np.array(7)}


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    write_checkpoint(path, Checkpoint(3, 1.5, 2.5, STATE), "run")
    found = read_checkpoint(path, "run")
    assert found is not None
    assert (found.epochs_done, found.wall_s, found.cpu_s) == (3, 1.5, 2.5)
    assert list(found.state) == list(STATE)
    assert all(np.array_equal(found.state[name], value) for name, value in STATE.items())
    assert [item.name for item in tmp_path.iterdir()] == ["run.npz"]


def test_no_file_means_from_the_start(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "none.npz", "run") is None


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    write_checkpoint(path, Checkpoint(1, 0, 0, STATE), "one")
    with pytest.raises(StorageError, match="belongs to another run"):
        read_checkpoint(path, "two")


@pytest.mark.parametrize("kept", [0, 10, 200])
def test_a_damaged_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "run.npz"
    write_checkpoint(path, Checkpoint(1, 0, 0, STATE), "run")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(StorageError, match="is not a checkpoint"):
        read_checkpoint(path, "run")
