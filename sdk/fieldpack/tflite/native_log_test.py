from __future__ import annotations

import os

import pytest

from fieldpack.tflite.native_log import captured_native_log


def test_information_is_dropped_and_the_rest_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with captured_native_log() as lines:
        os.write(2, b"INFO: Created a delegate\nERROR: no room\n")
        assert lines == []
    assert lines == ["ERROR: no room"]
    assert capfd.readouterr().err == "ERROR: no room\n"
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_an_error_takes_the_lines_along(capfd: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []

    def fail() -> None:
        nonlocal lines
        with captured_native_log() as lines:
            os.write(2, b"INFO: noise\nERROR: reason\n")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert lines == ["ERROR: reason"]
    assert capfd.readouterr().err == ""


def test_nested_blocks_restore_the_descriptor(capfd: pytest.CaptureFixture[str]) -> None:
    with captured_native_log(), captured_native_log():
        os.write(2, b"WARNING: deep\n")
    assert capfd.readouterr().err == "WARNING: deep\n"
