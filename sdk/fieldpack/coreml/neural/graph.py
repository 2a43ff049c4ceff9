"""Layers bound in the order of the file, which must be an order in which they can run.

All blobs of a network live in one dictionary, those of inner networks too: the specification lets
control flow see and overwrite them. Without control flow a blob is dropped after its last use,
which keeps the memory of a run near its widest point.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from fieldpack.coreml.arithmetic import Arithmetic, Precision
from fieldpack.coreml.neural.layer import Count, LayerKind, find_layer
from fieldpack.coreml.neural.network import INNER, kind_of, walk
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import FieldpackError, ModelFileError


@dataclass(frozen=True, slots=True)
class Step:
    """One bound layer; ``frees`` are the blobs used here for the last time."""

    kind: LayerKind
    name: str
    call: Run
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    frees: tuple[str, ...] = ()

    def run(self, values: dict[str, Any], arithmetic: Arithmetic) -> None:
        """Compute the layer into ``values``."""
        with blame(self.kind.name, self.name):
            given = [values[name] for name in self.inputs]
            if self.kind.control:
                self.call(values, *given)
                return
            result = self.call(*given)
            results = result if isinstance(result, tuple | list) else (result,)
            if len(results) != len(self.outputs):
                raise ModelFileError(
                    "another number of blobs comes out", came=len(self.outputs), allowed=str(len(results))
                )
            for name, value in zip(self.outputs, results, strict=True):
                values[name] = _settle(value, arithmetic, self.kind.whole)


@dataclass(frozen=True, slots=True)
class Graph:
    """Bound layers in order."""

    steps: tuple[Step, ...]
    arithmetic: Arithmetic

    def run(self, values: dict[str, Any], keep: Collection[str] = ()) -> None:
        """Compute all layers into ``values`` and drop what nobody needs afterwards, but ``keep``."""
        for step in self.steps:
            step.run(values, self.arithmetic)
            for name in step.frees:
                if name not in keep:
                    values.pop(name, None)


def make_graph(
    layers: Iterable[Any], specification: int, arithmetic: Arithmetic, defined: set[str], inner: bool = False
) -> Graph:
    """Bind layers one after the other.

    Parameters
    ----------
    layers : iterable of ``NeuralNetworkLayer`` messages
    specification : int
        Version that the file declares.
    arithmetic : Arithmetic
    defined : set of str
        Blobs that exist before; those that the layers give are added.
    inner : bool
        Whether the layers stand inside control flow, where they may overwrite blobs.

    Raises
    ------
    UnsupportedError
        A kind of layer that is not there.
    ModelFileError
        A layer contradicts itself, takes a blob that does not exist (yet), or gives one twice.
    """
    listed = list(layers)
    later = {name for layer in walk(listed) for name in layer.output}
    steps = []
    for layer in listed:
        with blame(kind_of(layer), layer.name):
            steps.append(_bind(layer, specification, arithmetic, defined, later))
            if not inner and steps[-1].kind.name != "copy":
                _refuse_twice(steps[-1].outputs, defined)
            defined.update(steps[-1].outputs)
    if inner or any(step.kind.control for step in steps):
        return Graph(tuple(steps), arithmetic)
    return Graph(_with_frees(steps), arithmetic)


def _bind(layer: Any, specification: int, arithmetic: Arithmetic, defined: set[str], later: set[str]) -> Step:
    found = find_layer(kind_of(layer), specification)
    inputs, outputs = tuple(map(str, layer.input)), tuple(map(str, layer.output))
    _check_count("inputs", len(inputs), found.inputs)
    _check_count("outputs", len(outputs), found.outputs)
    for name in inputs:
        if name not in defined:
            raise ModelFileError(
                "a blob is used before it is computed" if name in later else "a blob does not exist",
                came=name,
                allowed="inputs of the model, and blobs of the layers before",
                hint="the layers stand in a cycle or in a wrong order, or one is missing",
            )

    def graph(network: Any) -> Graph:
        return make_graph(network.layers, specification, arithmetic, defined, inner=True)

    params = getattr(layer, found.name)
    call = found.bind(params, Site(arithmetic, graph, len(inputs), len(outputs)))
    return Step(found, str(layer.name), call, inputs, outputs)


def _refuse_twice(outputs: tuple[str, ...], defined: set[str]) -> None:
    twice = [name for name in outputs if name in defined or outputs.count(name) > 1]
    if twice:
        raise ModelFileError(
            "a blob is computed twice", came=twice[0], allowed="names of its own, but for copy layers"
        )


def _check_count(what: str, count: int, allowed: Count) -> None:
    least, most = allowed
    if count < least or (most is not None and count > most):
        bounds = str(least) if least == most else f"{least} to {'any number' if most is None else most}"
        raise ModelFileError(f"the layer has another number of {what}", came=count, allowed=bounds)


def _with_frees(steps: list[Step]) -> tuple[Step, ...]:
    last: dict[str, int] = {}
    for place, step in enumerate(steps):
        last.update(dict.fromkeys((*step.inputs, *step.outputs), place))
    return tuple(
        replace(step, frees=tuple(name for name, use in last.items() if use == place))
        for place, step in enumerate(steps)
    )


def _settle(value: Any, arithmetic: Arithmetic, whole: bool) -> Any:
    """Every blob is float; whole numbers (sizes, places) are not rounded to float16."""
    value = value.float() if value.dtype != arithmetic.torch.float32 else value
    if value.ndim == 0:
        value = value.reshape(1)
    if arithmetic.precision is Precision.FP16 and not whole:
        return value.half().float()
    return value


@contextmanager
def blame(kind: str, name: str) -> Iterator[None]:
    """Name the layer in whatever goes wrong inside."""
    try:
        yield
    except ModelFileError as error:
        what = error.what if kind in INNER and error.what.startswith("Layer ") else None
        raise ModelFileError(
            what or f"Layer {name!r} ({kind}): {error.what}",
            came=error.came,
            allowed=error.allowed,
            hint=error.hint,
        ) from error
    except FieldpackError:
        raise
    except (RuntimeError, ValueError, IndexError, KeyError, TypeError, ArithmeticError) as error:
        raise ModelFileError(
            f"Layer {name!r} ({kind}) cannot be computed",
            came=error,
            allowed="blobs and parameters that fit the layer",
            hint="the model contradicts itself, or is damaged",
        ) from error
