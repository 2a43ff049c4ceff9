"""A program -> an ONNX graph: constants decoded, weights unpacked, one translator an operation.

Every tensor must be declared with all its sizes; what hangs on sizes of a run, on control flow or
on state is refused by name, and is the interpreter's. The arithmetic is that of ``arithmetic``:
float16 constants and tensors are carried in float32, and under ``fp16`` every result that the
program declares as float16 is rounded to it, unless its elements stand in its inputs already.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.fast.call import Argument, Call
from fieldpack.coreml.fast.fusion import fuse
from fieldpack.coreml.fast.graph import Graph, Wire
from fieldpack.coreml.fast.ops._op_list import EXACT, OPERATORS
from fieldpack.coreml.fast.storage import UNPACKERS
from fieldpack.coreml.package import Package
from fieldpack.coreml.step import blame
from fieldpack.coreml.value import Decoded, TensorFact, decode, state_fact, tensor_fact
from fieldpack.errors import ModelFileError, UnsupportedError

#: MIL type -> numpy type that carries it here. Sixteen-bit integers have few kernels; unsigned ones go
#: into the next wider signed type, as in ``arithmetic``.
CARRIERS = {
    "bool": "bool",
    "float16": "float32",
    "bfloat16": "float32",
    "float32": "float32",
    "int4": "int8",
    "int8": "int8",
    "int16": "int32",
    "int32": "int32",
    "int64": "int64",
    "uint1": "uint8",
    "uint2": "uint8",
    "uint3": "uint8",
    "uint4": "uint8",
    "uint6": "uint8",
    "uint8": "uint8",
    "uint16": "int32",
    "uint32": "int64",
}


@dataclass(frozen=True, slots=True)
class Classified:
    """A ``classify`` operation, which ends outside the graph: a text is no tensor."""

    label: str
    scores: Wire
    classes: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Translation:
    """A translated program.

    Attributes
    ----------
    model : bytes
        The ONNX model.
    inputs : dict of name to Wire
        Inputs of the program.
    outputs : dict of name to Wire
        Tensor results of the program.
    classified : Classified or None
        Where the label comes from, in a classifier.
    """

    model: bytes
    inputs: dict[str, Wire]
    outputs: dict[str, Wire]
    classified: Classified | None

    @property
    def results(self) -> dict[str, Wire]:
        """The results of the graph by their ONNX name."""
        wires = [*self.outputs.values(), *([self.classified.scores] if self.classified else [])]
        return {wire.name: wire for wire in wires}


def uncovered(package: Package) -> tuple[str, ...]:
    """Operators of the program that have no translator, in the order of the alphabet.

    Raises
    ------
    UnsupportedError
        The model is no ML Program.
    """
    kinds = {op.type for op in package.block.operations}
    return tuple(sorted(kinds - set(OPERATORS) - set(UNPACKERS) - {"const", "classify"}))


def computed_names(package: Package) -> list[str]:
    """Names of all tensors that operations give, stored weights left out, in program order."""
    operations = [op for op in package.block.operations if op.type != "const" and op.type not in UNPACKERS]
    return [str(e.name) for op in operations for e in op.outputs if e.name != package.label_feature]


def translate(package: Package, precision: Precision, names: Iterable[str] | None = None) -> Translation:
    """Translate the package's program.

    Parameters
    ----------
    package : Package
        From ``open_package``.
    precision : Precision
        Whether results declared float16 are rounded.
    names : iterable of str, optional
        Tensors of the program to compute; the results of the model where none are given.

    Raises
    ------
    UnsupportedError
        An operator, a form of it, or a size is not covered; the message names it.
    ModelFileError
        The program contradicts itself.
    """
    missing = uncovered(package)
    if missing:
        raise UnsupportedError(
            "The fast engine does not cover every operator of the program",
            came=", ".join(missing),
            allowed=", ".join(sorted(OPERATORS)),
            hint="use the reference engine",
        )
    return _Translator(package, precision).run(names)


def _check_described(described: set[str], taken: set[str]) -> None:
    if described != taken:
        raise ModelFileError(
            "The inputs that the model describes are not those of its program",
            came=", ".join(sorted(described)) or "none",
            allowed=", ".join(sorted(taken)) or "none",
        )


class _Translator:
    """Carries the values of a program by name while it goes through the operations."""

    def __init__(self, package: Package, precision: Precision) -> None:
        self.package = package
        self.rounds = precision is Precision.FP16
        self.graph = Graph()
        self.values: dict[str, tuple[Argument, ...]] = {}
        self.classified: Classified | None = None
        #: Inputs that come as float16 already.
        self._halves = {feature.name for feature in package.inputs if feature.dtype == "float16"}
        self._halves -= {feature.name for feature in package.inputs if feature.kind == "image"}

    def run(self, names: Iterable[str] | None) -> Translation:
        inputs = {str(entry.name): self._input(entry) for entry in self.package.function_inputs}
        _check_described({feature.name for feature in self.package.inputs}, set(inputs))
        for op in self.package.block.operations:
            with blame(op.type, op.outputs[0].name if op.outputs else ""):
                self._operation(op)
        outputs = {name: self._output(name) for name in (self._wanted() if names is None else names)}
        scores = [self.classified.scores] if self.classified else []
        ends = {wire.name: wire for wire in (*outputs.values(), *scores)}
        fuse(self.graph, set(ends))
        model = self.graph.model(list(ends.values()))
        return Translation(model, inputs, outputs, self.classified)

    def _wanted(self) -> list[str]:
        label = self.classified.label if self.classified else None
        return [feature.name for feature in self.package.outputs if feature.name != label]

    def _input(self, entry: Any) -> Wire:
        name = str(entry.name)
        if state_fact(entry.type) is not None:
            raise _refused("keeps a state", name)
        fact = _known(tensor_fact(entry.type), name)
        shape = tuple(size or 0 for size in fact.shape or ())
        if fact.dtype == "float16" and name in self._halves:
            wire = self.graph.input("float16", shape)
            self._define(name, self.graph.cast(wire, "float32"))
            return wire
        wire = self.graph.input(_carrier(fact, name), shape)
        self._define(name, self.graph.round_half(wire) if self._rounded(fact) else wire)
        return wire

    def _output(self, name: str) -> Wire:
        """The tensor as a result of the graph, which no input and no constant can be."""
        if name not in self.values:
            raise ModelFileError(
                "The program does not compute its outputs", came=name, allowed="names of its tensors"
            )
        (wire,) = self.values[name]
        if not isinstance(wire, Wire):
            raise ModelFileError("An output is no tensor", came=name, allowed="a tensor, or a label")
        own = {made for node in self.graph.nodes for made in node.outputs}
        return wire if wire.name in own else self.graph.apply("Identity", wire)

    def _operation(self, op: Any) -> None:
        if op.blocks:
            raise _refused("has control flow", op.type)
        if op.type == "const":
            self._define(op.outputs[0].name, *self._constant(op.attributes["val"]))
            return
        arguments = {key: self._constant(value) for key, value in op.attributes.items() if key != "name"}
        for key, argument in op.inputs.items():
            arguments[key] = tuple(value for bound in argument.arguments for value in self._bound(bound))
        if op.type == "classify":
            self._classify(op, arguments)
            return
        facts = tuple(_known(tensor_fact(entry.type), entry.name) for entry in op.outputs)
        call = Call(self.graph, op.type, arguments, facts)
        results = _unpack(call) if op.type in UNPACKERS else _translator_of(op.type)(call)
        made = results if isinstance(results, tuple) else (results,)
        if len(made) < len(facts) or (len(made) > len(facts) and op.type != "topk"):
            raise ModelFileError(
                "another number of results is declared", came=len(facts), allowed=str(len(made))
            )
        for entry, fact, wire in zip(op.outputs, facts, made, strict=False):
            self._define(entry.name, self._settle(wire, fact, op.type))

    def _classify(self, op: Any, arguments: dict[str, tuple[Argument, ...]]) -> None:
        (scores,) = arguments["probabilities"]
        (classes,) = arguments["classes"]
        if not isinstance(scores, Wire) or self.classified is not None:
            raise _refused("classifies twice, or a text", op.outputs[0].name)
        flat = self.graph.reshape(scores, (int(np.prod(scores.shape)),))
        labels = classes
        if isinstance(classes, Wire) and classes.data is not None:
            labels = tuple(classes.data.reshape(-1).tolist())
        if not isinstance(labels, tuple):
            raise ModelFileError("the classes have another form", came="a tensor", allowed="a constant list")
        names = [item if isinstance(item, str) else int(_number(item)) for item in labels]
        if len(names) != flat.shape[0]:
            raise ModelFileError(
                "another number of classes is declared", came=len(names), allowed=str(flat.shape[0])
            )
        self._define(op.outputs[1].name, flat)
        self.classified = Classified(str(op.outputs[0].name), self._output(op.outputs[1].name), tuple(names))

    def _settle(self, wire: Wire, fact: TensorFact, kind: str) -> Wire:
        """The result in its declared type, rounded where the precision asks, its shape compared."""
        if wire.shape != fact.shape:
            raise ModelFileError(
                "a result has another shape than declared",
                came=list(wire.shape),
                allowed=str(list(fact.shape or ())),
            )
        if fact.dtype == "int16":
            wire = self.graph.cast(wire, "int16")  # only this one turns round at its ends
        settled = self.graph.cast(wire, _carrier(fact, kind))
        if not self._rounded(fact) or kind in EXACT:
            return settled
        if settled.data is not None:
            with np.errstate(over="ignore"):
                return self.graph.constant(settled.data.astype(np.float16).astype(np.float32))
        return self.graph.round_half(settled)

    def _rounded(self, fact: TensorFact) -> bool:
        return self.rounds and fact.dtype == "float16"

    def _bound(self, binding: Any) -> tuple[Argument, ...]:
        if binding.WhichOneof("binding") == "value":
            return self._constant(binding.value)
        name = str(binding.name)
        if name not in self.values:
            raise ModelFileError(
                "an input is used before it is computed",
                came=name,
                allowed="an input, or a tensor computed before",
                hint="the operations stand in a cycle or in a wrong order, or one is missing",
            )
        return self.values[name]

    def _constant(self, message: Any) -> tuple[Argument, ...]:
        decoded: Decoded = decode(message, self.package.open_blob)
        if not isinstance(decoded, np.ndarray):
            return (decoded,)
        fact = tensor_fact(message.type)
        dtype = _carrier(fact, "a constant") if fact else "float32"
        return (self.graph.constant(decoded.astype(dtype, copy=False)),)

    def _define(self, name: str, *values: Argument) -> None:
        if str(name) in self.values:
            raise ModelFileError(
                "a name stands for two tensors", came=name, allowed="a name of its own for every tensor"
            )
        self.values[str(name)] = values


def _translator_of(kind: str) -> Callable[[Call], Any]:
    module = importlib.import_module(f"fieldpack.coreml.fast.ops.{OPERATORS[kind]}")
    found: Callable[[Call], Any] = module.translate
    return found


def _unpack(call: Call) -> tuple[Wire, ...]:
    given = {key: call.constant(key) for key, (value,) in call.arguments.items() if isinstance(value, Wire)}
    made = UNPACKERS[call.kind](given)
    return tuple(call.graph.constant(array) for array in (made if isinstance(made, tuple) else (made,)))


def _known(fact: TensorFact | None, name: str) -> TensorFact:
    if fact is None:
        raise _refused("has values that are no tensors", name)
    if fact.shape is None or None in fact.shape:
        raise _refused("has sizes that are known at run time only", name)
    return fact


def _carrier(fact: TensorFact, name: str) -> str:
    if fact.dtype not in CARRIERS:
        raise _refused(f"has tensors of type {fact.dtype}", name)
    return CARRIERS[fact.dtype]


def _number(item: Any) -> Any:
    return item.item() if isinstance(item, np.ndarray) else item


def _refused(why: str, name: str) -> UnsupportedError:
    return UnsupportedError(
        f"The fast engine does not run this program: it {why}",
        came=name,
        allowed="static shapes, no control flow, no state",
        hint="use the reference engine",
    )
