"""``pytest --light``: a test that needs a package of an extra is skipped, with its name, if it is absent.

``make check`` passes it when there is no ``.venv``. Without the option a missing package fails the
test, so that a broken installation never looks like a green run.

Hypothesis has no deadline, since timing never decides a test, and draws the same examples at every run on
a build machine (``CI`` is set), so that a red run there can be repeated.

Files with a test marked ``full`` run first, so that several workers (``-n``) end together; and a worker of
several computes on one thread: threads that wait for a core spin, and take it from those that compute.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from pathlib import Path

import hypothesis
import pytest

from fieldpack.errors import MissingDependencyError

EXTRAS = {
    "tensorflow", "tf_keras", "keras", "torch", "coremltools", "litert_torch", "ai_edge_quantizer", "onnx",
    "onnxruntime", "google", "sklearn", "librosa", "soundfile", "soxr", "torch_pruning", "optuna",
    "distributed", "mlflow", "nncf", "oras",
}  # fmt: skip

hypothesis.settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("house")

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--light", action="store_true", help="skip tests whose extra is not installed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    heavy = {item.path for item in items if item.get_closest_marker("full") is not None}
    items.sort(key=lambda item: item.path not in heavy)


class LightModule(pytest.Module):
    """A test module that may import what is not installed."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        try:
            return super().collect()
        except self.CollectError as error:
            _skip_if_missing(error)
            raise


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    if not parent.config.getoption("--light"):
        return None
    module: pytest.Module = LightModule.from_parent(parent, path=module_path)
    return module


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _watched(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _watched(item))


def _watched(item: pytest.Item) -> Generator[None, object, object]:
    try:
        return (yield)
    except ImportError as error:
        if item.config.getoption("--light"):
            _skip_if_missing(error)
        raise


def _skip_if_missing(error: BaseException | None) -> None:
    """Skip when the chain of causes ends in a package of an extra that is not installed."""
    while error is not None:
        package = error.name.split(".")[0] if isinstance(error, ImportError) and error.name else None
        if package in EXTRAS:
            pytest.skip(f"{package} is not installed: make venv, then make test", allow_module_level=True)
        if isinstance(error, MissingDependencyError) and error.__cause__ is None:
            pytest.skip(f"{error.what}: make venv, then make test", allow_module_level=True)
        error = error.__cause__
