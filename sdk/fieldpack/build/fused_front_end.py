"""Whether a file that takes the waveform itself computes its front-end in float32, operator by operator.

A fused file has no border in it that anyone drew. So it is walked from the waveform on: what lies before the
first activation function is the front-end or the network's first layers, and of it the front-end is all
that the last logarithm or power hangs on (where there is neither, the last root). Behind it levels are small
numbers that half floats and integers hold; inside, powers reach over ten decades and quiet sounds go under.
Models that learned their own filters have neither logarithm nor root, and nothing is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.build.conversion import Made
from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.contract import Contract, WaveformInput

COMPRESSIONS = frozenset({"log", "pow"})
ROOTS = frozenset({"sqrt", "rsqrt"})
ACTIVATIONS = frozenset(
    {
        "clamped_relu",
        "elu",
        "erf",
        "gelu",
        "hard_swish",
        "leaky_relu",
        "logistic",
        "prelu",
        "relu",
        "relu6",
        "relu_0_to_1",
        "relu_n1_to_1",
        "scaled_tanh",
        "sigmoid",
        "sigmoid_hard",
        "silu",
        "softmax",
        "softplus",
        "softplus_parametric",
        "softsign",
        "tanh",
        "thresholded_relu",
    }
)
"""Operators of both formats, in lower case."""
HINTS = {
    FlavourKind.TFLITE: 'keep it in float32 with a rule, { method = "float32", layers = "NAMES" }',
    FlavourKind.COREML: 'keep it in float32 with float32_layers = "NAMES"',
}


@dataclass(frozen=True, slots=True)
class Node:
    """One operator of a file.

    Attributes
    ----------
    name : str
        As a person finds it in the file.
    operator : str
        In lower case.
    activates : bool
        Whether it is an activation function, or one is fused into it.
    takes, gives : tuple of str
        Tensors.
    coarse : str
        What of it is no float32, in words; empty where all is.
    """

    name: str
    operator: str
    activates: bool
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    coarse: str

    def __str__(self) -> str:
        return f"{self.operator} {self.name}"


@dataclass(frozen=True, slots=True)
class FusedFrontEnd:
    """What was found behind one waveform.

    Attributes
    ----------
    operators : int
        Of the front-end; 0 where there is none.
    coarse : tuple of Node
        Those that are not float32 throughout, in the order of the file.
    """

    operators: int
    coarse: tuple[Node, ...]

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        first = f"{self.coarse[0]} {self.coarse[0].coarse}" if self.coarse else None
        return {"operators": self.operators, "coarse": len(self.coarse), "first_coarse": first}


def fused_front_ends(
    contract: Contract, kind: FlavourKind, path: Path, inputs: Sequence[Border]
) -> dict[str, FusedFrontEnd]:
    """The front-end inside a flavour's file, by the name of each waveform input.

    Parameters
    ----------
    contract : Contract
        Its waveform inputs are looked at.
    kind : FlavourKind
        What the file is.
    path : Path
        The file.
    inputs : sequence of Border
        Of the flavour, in contract order.

    Raises
    ------
    ModelFileError
        The file is damaged.
    UnsupportedError
        A Core ML file holds no ML Program.
    """
    heard = [
        border.tensor
        for item, border in zip(contract.inputs, inputs, strict=True)
        if isinstance(item, WaveformInput)
    ]
    if not heard:
        return {}
    nodes = tuple(_tflite_nodes(path) if kind is FlavourKind.TFLITE else _coreml_nodes(path))
    names = {border.tensor: border.name for border in inputs}
    return {names[tensor]: front_end_of(nodes, tensor) for tensor in heard}


def add_fused_front_ends(contract: Contract, made: Sequence[Made], evidence: dict[str, Any]) -> list[str]:
    """Look into every flavour: ``front_end`` of it in the evidence, and what is doubtful as sentences."""
    doubts = []
    for item in made:
        found = fused_front_ends(contract, item.kind, item.path, item.inputs)
        if found:
            words = {name: one.as_dict() for name, one in found.items()}
            evidence["flavours"][item.name]["front_end"] = words
        doubts += fused_warnings(item.name, item.kind, found)
    return doubts


def fused_warnings(flavour: str, kind: FlavourKind, found: dict[str, FusedFrontEnd]) -> list[str]:
    """A sentence for each input whose front-end is not float32 throughout."""
    return [
        f"flavour {flavour}: {len(one.coarse)} of {one.operators} operators of the front-end behind {name} "
        f"are not float32, the first is {one.coarse[0]}, which {one.coarse[0].coarse}; quiet sounds may go "
        f"under there: {HINTS[kind]}"
        for name, one in found.items()
        if one.coarse
    ]


def front_end_of(nodes: Sequence[Node], waveform: str) -> FusedFrontEnd:
    """The front-end among the operators of a file.

    Parameters
    ----------
    nodes : sequence of Node
        In the order of computation.
    waveform : str
        The tensor that it begins with.
    """
    before = list(_before_activations(nodes, waveform))
    kinds = {node.operator for node in before}
    ends = COMPRESSIONS if kinds & COMPRESSIONS else ROOTS
    wanted: set[str] = set()
    part: list[Node] = []
    for node in reversed(before):
        if node.operator in ends or wanted & set(node.gives):
            wanted |= set(node.takes)
            part.insert(0, node)
    return FusedFrontEnd(len(part), tuple(node for node in part if node.coarse))


def _before_activations(nodes: Iterable[Node], waveform: str) -> Iterator[Node]:
    """What hangs on the waveform and on no activation function."""
    heard, behind = {waveform}, set[str]()
    for node in nodes:
        takes = set(node.takes)
        if takes & behind or (takes & heard and node.activates):
            behind |= set(node.gives)
        elif takes & heard:
            heard |= set(node.gives)
            yield node


def _tflite_nodes(path: Path) -> Iterator[Node]:
    from fieldpack.tflite.file import open_model

    model = open_model(path)
    tensors = model.main.tensors
    stored = {index for index, tensor in enumerate(tensors) if tensor.is_constant}
    integers = {index for index in stored if tensors[index].is_quantised}
    named = {tensor.index: name for tensor, name in zip(model.inputs, model.input_names, strict=True)}
    for number, item in enumerate(model.main.operators):
        takes = [index for index in item.inputs if index >= 0]
        if stored.issuperset(takes):  # weights on their way: the DEQUANTIZE of what the file holds
            stored.update(item.outputs)
            integers.update(item.outputs if integers.intersection(takes) else ())
            continue
        coarse = ""
        if integers.intersection(takes):
            coarse = "has weights stored as integers"
        for index in (*takes, *item.outputs):
            if index not in stored and (tensors[index].is_quantised or tensors[index].dtype == "float16"):
                coarse = f"computes in {tensors[index].dtype}"
        first = tensors[item.outputs[0]].name.partition(";")[0] if item.outputs else ""
        operator = item.name.lower()
        yield Node(
            name=f"{first or 'without a name'} (operator {number})",
            operator=operator,
            activates=operator in ACTIVATIONS or item.activation.lower() in ACTIVATIONS,
            takes=tuple(named.get(index, str(index)) for index in takes),
            gives=tuple(map(str, item.outputs)),
            coarse=coarse,
        )


def _coreml_nodes(path: Path) -> Iterator[Node]:
    from fieldpack.coreml.package import open_package

    package = open_package(path)
    compressed: set[str] = set()
    for entry in package.function_inputs:
        if coarse := _coarse([entry.type]):
            yield Node(str(entry.name), "input", False, (str(entry.name),), (str(entry.name),), coarse)
    for item in package.block.operations:
        gives = tuple(str(output.name) for output in item.outputs)
        takes = tuple(_taken(item))
        operator = str(item.type)
        if operator.startswith("constexpr_") and operator != "constexpr_cast":
            compressed.update(gives)
        coarse = _coarse([output.type for output in item.outputs])
        if not coarse and compressed.intersection(takes):
            coarse = "has compressed weights"
        yield Node(gives[0] if gives else "", operator, operator in ACTIVATIONS, takes, gives, coarse)


def _taken(operation: Any) -> Iterator[str]:
    """Tensors that an operation reads, those read in its blocks too."""
    for argument in operation.inputs.values():
        yield from (str(binding.name) for binding in argument.arguments if binding.name)
    for block in operation.blocks:
        for inner in block.operations:
            yield from _taken(inner)


def _coarse(types: Iterable[Any]) -> str:
    from fieldpack.coreml.value import tensor_fact

    found = [fact.dtype for fact in map(tensor_fact, types) if fact is not None]
    half = next((dtype for dtype in found if dtype in ("float16", "bfloat16", "int8", "uint8")), None)
    return f"computes in {half}" if half else ""
