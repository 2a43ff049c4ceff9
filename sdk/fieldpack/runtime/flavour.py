"""Open a flavour, whatever its kind, and run it on prepared examples.

TFLite runs on LiteRT, as on the phone (evidence ``host``). Core ML runs on one of Fieldpack's
own engines (evidence ``reference``), in one of two legal precisions.

Every figure that a bundle keeps (golden outputs, parity, layers) comes from the reference engine,
whatever else is installed, so that building again gives the same bytes. Answers (``predict``) and
the comparison with golden outputs (``verify``) take the fast engine where it covers the flavour: it
differs in the last bits of float32, as another CPU does, which the recorded tolerance admits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.errors import InputError
from fieldpack.runtime.border import feed, fetch
from fieldpack.verdict import Evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

EVIDENCE = {FlavourKind.TFLITE: Evidence.HOST, FlavourKind.COREML: Evidence.REFERENCE}
PRECISIONS = {FlavourKind.TFLITE: ("native",), FlavourKind.COREML: ("fp32", "fp16")}
"""Arithmetics that a kind is run in. The first is the one that a single answer uses."""


class Engine(Protocol):
    """One loaded model file: tensors in, tensors out, by tensor name."""

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run once on one example; every array has the shape of its tensor."""

    def run_intermediates(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run once and return every named tensor."""


@dataclass(frozen=True, slots=True)
class FlavourRunner:
    """A flavour ready to run.

    Attributes
    ----------
    engine : Engine
        The loaded file.
    inputs, outputs : tuple of Border
        How the contract meets its tensors.
    """

    engine: Engine
    inputs: tuple[Border, ...]
    outputs: tuple[Border, ...]

    def run(self, prepared: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run every example.

        Parameters
        ----------
        prepared : mapping of str to ndarray, shape [N, ...]
            Prepared examples by input name.

        Returns
        -------
        dict of str to ndarray, float32, shape [N, ...]
            By output name.

        Raises
        ------
        InputError
            An input is missing or does not fit.
        """
        import numpy as np

        count = self._count(prepared)
        collected: dict[str, list[NDArray[Any]]] = {border.name: [] for border in self.outputs}
        for index in range(count):
            results = self.engine.run(self._tensors(prepared, index))
            for border in self.outputs:
                collected[border.name].append(fetch(border, results[border.tensor]))
        return {name: np.concatenate(parts) for name, parts in collected.items()}

    def run_layers(self, prepared: Mapping[str, NDArray[Any]], index: int = 0) -> dict[str, NDArray[Any]]:
        """Every named tensor of one example, as stored."""
        return self.engine.run_intermediates(self._tensors(prepared, index))

    def _count(self, prepared: Mapping[str, NDArray[Any]]) -> int:
        missing = [border.name for border in self.inputs if border.name not in prepared]
        if missing:
            raise InputError(
                f"input {missing[0]} is missing",
                came=", ".join(prepared) or "nothing",
                allowed=", ".join(border.name for border in self.inputs),
            )
        counts = {len(prepared[border.name]) for border in self.inputs}
        if len(counts) != 1:
            raise InputError(
                "the inputs have different numbers of examples",
                came=", ".join(str(count) for count in sorted(counts)),
                allowed="the same number",
            )
        return counts.pop()

    def _tensors(self, prepared: Mapping[str, NDArray[Any]], index: int) -> dict[str, NDArray[Any]]:
        tensors = {}
        for border in self.inputs:
            fed = feed(border, prepared[border.name][index : index + 1])
            tensors[border.tensor] = fed if border.batched else fed[0]
        return tensors


def open_flavour(
    kind: FlavourKind,
    path: Path,
    inputs: tuple[Border, ...],
    outputs: tuple[Border, ...],
    *,
    precision: str | None = None,
    threads: int = 1,
    engine: str = "reference",
) -> FlavourRunner:
    """Load a flavour's file and make it ready to run.

    Parameters
    ----------
    kind : FlavourKind
        Which engine runs it.
    path : Path
        The ``.tflite`` file or the ``.mlpackage`` folder.
    inputs, outputs : tuple of Border
        From the manifest.
    precision : str, optional
        One of ``PRECISIONS[kind]``; the first when None.
    threads : int
        Threads of the engine.
    engine : str
        What runs a Core ML flavour, an ``EngineKind``: the reference, of which bundles keep figures,
        by default.

    Raises
    ------
    ModelFileError
        The file is malformed.
    MissingDependencyError
        The engine is not installed.
    InputError
        The precision is not one of the kind's.
    """
    chosen = precision or PRECISIONS[kind][0]
    if chosen not in PRECISIONS[kind]:
        raise InputError(
            f"a {kind.value} flavour is not run in this precision",
            came=chosen,
            allowed=", ".join(PRECISIONS[kind]),
        )
    return FlavourRunner(_engine(kind, path, chosen, threads, engine), inputs, outputs)


def _engine(kind: FlavourKind, path: Path, precision: str, threads: int, engine: str) -> Engine:
    if kind is FlavourKind.TFLITE:
        from fieldpack.tflite.runner import TfliteRunner

        return TfliteRunner(path, threads=threads)
    from fieldpack.coreml.arithmetic import Precision
    from fieldpack.coreml.engine import EngineKind, open_engine
    from fieldpack.coreml.package import open_package

    return open_engine(open_package(path), Precision(precision), threads, EngineKind(engine))
