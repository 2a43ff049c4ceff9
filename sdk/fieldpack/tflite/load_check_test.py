from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fieldpack.errors import ModelFileError, WorkerError
from fieldpack.tflite.load_check import check_loads, try_once


def test_a_good_file_passes(dense_path: Path) -> None:
    try_once(dense_path)
    check_loads(dense_path)


def test_a_crash_becomes_an_error(crashing_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"LiteRT (crashed|refuses|failed)"):
        check_loads(crashing_path)


def test_a_refusal_crosses_the_process_border(bad_axis_path: Path) -> None:
    with pytest.raises(ModelFileError, match="quantized_dimension must be in range") as caught:
        check_loads(bad_axis_path)
    assert caught.value.hint is not None


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be opened"):
        check_loads(tmp_path / "absent.tflite")


def test_time_is_limited(dense_path: Path) -> None:
    with pytest.raises(ModelFileError, match="did not load"):
        check_loads(dense_path, timeout_s=0.001)


def test_memory_is_limited(new_writer: Callable[[], Any], tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="this system has no memory limits")
    writer = new_writer()
    x, y = writer.tensor("x", (1024, 1024, 1024)), writer.tensor("y", (1024, 1024, 1024))
    writer.operator("TANH", (x,), (y,))
    writer.ends((x,), (y,))
    path = tmp_path / "huge.tflite"
    path.write_bytes(writer.pack())
    with pytest.raises(ModelFileError):
        check_loads(path, memory_limit_bytes=2 * 1024**3)


def test_a_limit_below_python_itself_is_not_blamed_on_the_file(dense_path: Path) -> None:
    pytest.importorskip("resource", reason="this system has no memory limits")
    with pytest.raises(WorkerError):
        check_loads(dense_path, memory_limit_bytes=40 * 1024 * 1024)
