"""What stands in for Apple's runtime: errors as its binding raises them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fieldpack.coreml.state import States
from fieldpack.errors import ModelFileError, UnsupportedError
from fieldpack_benchmarks.conformance import proxy


def raising(error: Exception) -> Callable[[], None]:
    def ask() -> None:
        raise error

    return ask


def test_a_model_error_looks_like_core_ml() -> None:
    with pytest.raises(RuntimeError, match="Unable to compute the prediction using ML Program"):
        proxy._answer(raising(ModelFileError("bad")), "Unable to compute the prediction using ML Program.")


def test_what_is_not_supported_never_looks_like_core_ml() -> None:
    with pytest.raises(UnsupportedError, match=r"^not there"):
        proxy._answer(raising(UnsupportedError("not there")), "Unable to compute the prediction")


def test_a_model_that_cannot_be_opened_counts_as_reached(tmp_path: Path) -> None:
    proxy.WATCH.clear()
    with pytest.raises(RuntimeError):
        proxy.ModelProxy(str(tmp_path / "absent.mlpackage"), "ALL", "", {})
    assert proxy.WATCH.reached


def test_a_state_that_is_not_there_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="no such state"):
        proxy.StateProxy(States()).read_state("cache")
