"""Chooses what runs a package: the interpreter, or the fast engine.

Both give the same results up to the last bits of float32. ``auto`` takes the fast engine when it
is installed and covers the program, else the interpreter; ``reference`` and ``fast`` insist on one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.neural.network import NETWORKS
from fieldpack.coreml.neural.stages import PIPELINES
from fieldpack.errors import MissingDependencyError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fieldpack.coreml.package import Package


class EngineKind(StrEnum):
    """What runs a package.

    * ``auto``: the fast engine where it covers the program, else the reference;
    * ``reference``: the interpreters on torch, which take every kind of model;
    * ``fast``: ONNX on onnxruntime.
    """

    AUTO = "auto"
    REFERENCE = "reference"
    FAST = "fast"


class PackageEngine(Protocol):
    """A package ready to run; ``kind`` is never ``auto``."""

    @property
    def kind(self) -> EngineKind:
        """What runs it."""

    @property
    def precision(self) -> Precision:
        """The arithmetic that runs."""

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run once: one array per input feature in, one per output feature out."""

    def run_intermediates(
        self, inputs: Mapping[str, NDArray[Any]], names: Iterable[str] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Run once and return tensors by their name in the model; all computed ones where none are given."""


def open_engine(
    package: Package,
    precision: Precision = Precision.FP32,
    threads: int | None = None,
    kind: EngineKind = EngineKind.AUTO,
) -> PackageEngine:
    """Make a package ready to run.

    Parameters
    ----------
    package : Package
        From ``open_package``.
    precision : Precision
        ``fp32`` (default) or ``fp16``; see ``arithmetic``.
    threads : int, optional
        Threads of the engine; its own setting otherwise.
    kind : EngineKind
        Which engine; ``auto`` by default.

    Raises
    ------
    MissingDependencyError
        What the engine needs is not installed.
    UnsupportedError
        The engine does not cover the model; ``auto`` raises the interpreter's error.
    ModelFileError
        The program contradicts itself.
    """
    kind = EngineKind(kind)
    if kind is EngineKind.REFERENCE:
        return _reference(package, precision, threads)
    if kind is EngineKind.FAST:
        return _fast(package, precision, threads)
    try:
        return _fast(package, precision, threads)
    except MissingDependencyError:
        return _reference(package, precision, threads)
    except UnsupportedError as uncovered:
        try:
            return _reference(package, precision, threads)
        except MissingDependencyError as absent:
            raise MissingDependencyError(
                "The fast engine does not cover this package, and the reference engine needs torch",
                came=f"{uncovered.what} ({uncovered.came})",
                hint='pip install "fieldpack[coreml-reference]"',
            ) from absent


def _reference(package: Package, precision: Precision, threads: int | None) -> PackageEngine:
    if package.model_type in NETWORKS:
        from fieldpack.coreml.neural.interpreter import NeuralInterpreter

        return NeuralInterpreter(package, precision, threads)
    if package.model_type in PIPELINES:
        from fieldpack.coreml.neural.pipeline import PipelineRunner

        return PipelineRunner(package, precision, threads)
    from fieldpack.coreml.interpreter import Interpreter

    return Interpreter(package, precision, threads)


def _fast(package: Package, precision: Precision, threads: int | None) -> PackageEngine:
    from fieldpack.coreml.fast.engine import FastEngine

    return FastEngine(package, precision, threads)
