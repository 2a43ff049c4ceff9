"""``open_model``: a ``.mlpackage``, ``.mlmodel`` or ``.tflite`` file made ready to run.

Arrays go in and come out by the names that the file gives them; nothing is prepared, since a bare
file has no contract. TFLite runs on LiteRT (evidence ``host``), Core ML on Fieldpack's own engines
(evidence ``reference``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fieldpack.errors import InputError
from fieldpack.modelfile.slot import Slot
from fieldpack.verdict import Evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fieldpack.coreml.feature import Feature
    from fieldpack.coreml.package import Package
    from fieldpack.tflite.runner import TensorSpec


class OpenedModel(Protocol):
    """One file, ready to run.

    Attributes
    ----------
    inputs, outputs : tuple of Slot
        As the file declares them.
    labels : tuple or None
        Class labels of a Core ML classifier, in the order of its probabilities.
    engine, precision : str
        What computes, and in which arithmetic.
    evidence : Evidence
        What the figures are worth.
    """

    @property
    def inputs(self) -> tuple[Slot, ...]: ...
    @property
    def outputs(self) -> tuple[Slot, ...]: ...
    @property
    def labels(self) -> tuple[str, ...] | tuple[int, ...] | None: ...
    @property
    def engine(self) -> str: ...
    @property
    def precision(self) -> str: ...
    @property
    def evidence(self) -> Evidence: ...

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run once; a program with state starts from zeros."""


class CoremlModel:
    """A Core ML file behind one of Fieldpack's engines."""

    evidence = Evidence.REFERENCE

    def __init__(self, package: Package, engine: Any, precision: str) -> None:
        self.inputs = tuple(coreml_slot(feature) for feature in package.inputs)
        self.outputs = tuple(coreml_slot(feature) for feature in package.outputs)
        self.labels = package.labels
        self.engine = str(engine.kind)
        self.precision = precision
        self._engine = engine

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run once; a program with state starts from zeros."""
        if hasattr(self._engine, "make_state"):
            state = self._engine.make_state()
            if state.by_name:
                results: dict[str, NDArray[Any]] = self._engine.run(inputs, state)
                return results
        results = self._engine.run(inputs)
        return results


class TfliteModelFile:
    """A ``.tflite`` file behind LiteRT."""

    evidence = Evidence.HOST
    engine = "LiteRT"
    precision = "native"
    labels: tuple[str, ...] | tuple[int, ...] | None = None

    def __init__(self, path: Path, threads: int) -> None:
        from fieldpack.tflite.load_check import check_loads
        from fieldpack.tflite.runner import TfliteRunner

        check_loads(path)
        self._runner = TfliteRunner(path, threads=threads)
        self.inputs = tuple(tflite_slot(spec) for spec in self._runner.inputs)
        self.outputs = tuple(tflite_slot(spec) for spec in self._runner.outputs)

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run once, on stored numbers; a quantised output comes as the real numbers that it stands for."""
        from fieldpack.tflite.border import dequantize

        results = self._runner.run(inputs)
        return {
            slot.name: dequantize(results[slot.name], slot.scale, slot.zero_point)
            if slot.scale
            else results[slot.name]
            for slot in self.outputs
        }


def coreml_slot(feature: Feature) -> Slot:
    """A Core ML feature as a slot."""
    several = feature.ranges is not None or feature.shapes is not None
    return Slot(
        feature.name,
        feature.kind,
        feature.shape,
        feature.dtype,
        feature.color,
        feature.admissible if several else None,
        feature.optional,
        range=(0.0, 255.0) if feature.kind == "image" else None,
    )


def tflite_slot(spec: TensorSpec) -> Slot:
    """A TFLite tensor as a slot."""
    flexible = str(list(spec.shape_signature)) if -1 in spec.shape_signature else None
    return Slot(
        spec.name,
        "multiarray",
        spec.shape,
        spec.dtype,
        None,
        flexible,
        scale=spec.scale,
        zero_point=spec.zero_point,
    )


def open_model(
    path: Path,
    *,
    precision: str | None = None,
    engine: str | None = None,
    function: str | None = None,
    threads: int = 1,
) -> OpenedModel:
    """Open a model file of either format.

    Parameters
    ----------
    path : Path
        A ``.mlpackage`` folder, a ``.mlmodel`` or a ``.tflite`` file.
    precision : str, optional
        ``fp32`` (default) or ``fp16``; Core ML only.
    engine : str, optional
        ``auto`` (default), ``reference`` or ``fast``; Core ML only.
    function : str, optional
        Which function of a multi-function package; Core ML only.
    threads : int
        Threads of the engine.

    Raises
    ------
    InputError
        A setting that the format does not have.
    ModelFileError
        The file is malformed.
    UnsupportedError
        The engine cannot run it.
    MissingDependencyError
        The engine is not installed.
    """
    if path.suffix == ".tflite":
        given = {"precision": precision, "engine": engine, "function": function}
        strange = [name for name, value in given.items() if value is not None]
        if strange:
            raise InputError(
                "A TFLite file has no such setting",
                came=", ".join(f"--{name}" for name in strange),
                allowed="settings of Core ML files only",
                hint="leave it out; LiteRT computes in the number formats of the file",
            )
        return TfliteModelFile(path, threads)
    from fieldpack.coreml.arithmetic import Precision
    from fieldpack.coreml.engine import EngineKind, open_engine
    from fieldpack.coreml.package import open_package

    package = open_package(path, function)
    chosen = Precision(precision or Precision.FP32)
    opened = open_engine(package, chosen, threads, EngineKind(engine or EngineKind.AUTO))
    return CoremlModel(package, opened, chosen.value)
