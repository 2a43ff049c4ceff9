"""Recognises the loop that a converter writes for a GRU, and runs it as one.

MIL has no operator for the gated recurrent unit of Cho et al. 2014 in PyTorch's form; coremltools writes
a ``while_loop`` whose body takes one step in about 25 operations. A loop whose body computes exactly

    r = sigmoid(W_r x + b_r + U_r h + c_r)
    z = sigmoid(W_z x + b_z + U_z h + c_z)
    n = tanh(W_n x + b_n + r * (U_n h + c_n))
    h = (1 - z) * n + z * h

with ``x`` the next row of a tensor from outside, ``h`` the row of a buffer and the new ``h`` added to the
buffer's next row, is run by torch's own recurrence after a first round as written, which compares every
result with its declared shape. Anything else stays a loop; so does this one in ``fp16``, where every
operation rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fieldpack.coreml.operator import Parameter
from fieldpack.coreml.step import Block, Source, Step
from fieldpack.coreml.value import TensorFact

SEQUENCE = Parameter("sequence", "Tensor", required=True)
GATES = ("r", "z", "n")
#: Declared types of which a GRU consists, and what is added to an operator's name where it gives one.
KINDS = {"float16": "", "float32": "", "int32": ":int", "bool": ":bool"}


@dataclass(frozen=True, slots=True)
class Node:
    """What computes a tensor: an operator and its inputs; leaves are ``var``, ``outer`` and ``const``.

    An operator whose result is declared an integer is called ``add:int``, a truth value ``less:bool``.
    """

    operator: str
    inputs: Mapping[str, Node] = field(default_factory=dict)
    value: Any = None
    """Of a leaf: the number of a block input, the name of an outer tensor, or a constant."""

    def part(self, name: str) -> Node:
        """What is bound to an input; ``absent`` where nothing is."""
        return self.inputs.get(name, ABSENT)


ABSENT = Node("absent")


@dataclass(frozen=True, slots=True)
class Gru:
    """A recognised loop.

    Attributes
    ----------
    sequence : str
        Tensor [steps, batch, inputs] from outside.
    steps : int
        The loop runs as long as its counter is less.
    weights : tuple
        ``weight_ih`` [3 H, inputs], ``weight_hh`` [3 H, H] and both biases [3 H], gates r, z, n.
    counter, buffer : int
        Which loop variable is which.
    loop : callable
        The loop as it is written, for what does not fit.
    """

    sequence: str
    steps: int
    weights: tuple[Any, ...]
    counter: int
    buffer: int
    loop: Callable[..., Any]

    def run(self, loop_vars: tuple[Any, ...], sequence: Any, blocks: tuple[Any, ...]) -> tuple[Any, ...]:
        """The loop variables after the last round."""
        condition, body = blocks
        fits = self._fits(loop_vars[self.counter], loop_vars[self.buffer], sequence)
        if not (fits and all(condition(*loop_vars))):
            result: tuple[Any, ...] = self.loop(loop_vars=loop_vars, blocks=blocks)
            return result
        after = body(*loop_vars)
        begin = int(after[self.counter])
        return after if begin >= self.steps else self._rest(begin, after, sequence)

    def _rest(self, begin: int, loop_vars: tuple[Any, ...], sequence: Any) -> tuple[Any, ...]:
        """All rounds from row ``begin`` on."""
        import torch

        buffer = loop_vars[self.buffer]
        rows, _ = torch.gru(
            sequence[begin : self.steps],
            buffer[begin : begin + 1],
            self.weights,
            True,
            1,
            0.0,
            False,
            False,
            False,
        )
        filled = buffer.clone()
        filled[begin + 1 : self.steps + 1] = rows
        after = [torch.full_like(loop_vars[self.counter], self.steps), filled]
        return tuple(after if self.counter == 0 else reversed(after))

    def _fits(self, counter: Any, buffer: Any, sequence: Any) -> bool:
        """Whether all rows are there, of one type, and the buffer is empty where rows are added."""
        given, hidden = self.weights[0], self.weights[1]
        return (
            counter.numel() == 1
            and sequence.ndim == buffer.ndim == 3
            and sequence.dtype == buffer.dtype == given.dtype == hidden.dtype
            and sequence.shape[0] >= self.steps
            and buffer.shape[0] > self.steps
            and sequence.shape[1:] == (buffer.shape[1], given.shape[1])
            and buffer.shape[2] == hidden.shape[1]
            and int(counter) >= 0
            and not bool(buffer[int(counter) + 1 : self.steps + 1].any())
        )


def fuse_recurrence(step: Step, constants: Mapping[str, Any]) -> Step:
    """The step of a recognised GRU, or the step itself.

    Parameters
    ----------
    step : Step
        A bound ``while_loop``.
    constants : mapping
        Those of the program, by name.
    """
    gru = find_gru(step, constants)
    if gru is None:
        return step
    source = Source(SEQUENCE, (gru.sequence,))
    return replace(step, operator=replace(step.operator, run=gru.run), sources=(*step.sources, source))


def find_gru(step: Step, constants: Mapping[str, Any]) -> Gru | None:
    """What a ``while_loop`` computes where it is a GRU, else None."""
    if [(len(block.inputs), len(block.outputs)) for block in step.blocks] != [(2, 1), (2, 2)]:
        return None
    (condition,), body = (_results(block, constants) for block in step.blocks)
    for counter, buffer in ((0, 1), (1, 0)):
        steps = _limit(condition, counter)
        if (
            steps is None
            or not _carried(step.blocks, counter, buffer)
            or not _is_next(body[counter], counter)
        ):
            continue
        found = _body(body[buffer], counter, buffer)
        if found is not None:
            sequence, weights = found
            return Gru(sequence, steps, weights, counter, buffer, step.operator.run)
    return None


def _carried(blocks: tuple[Block, ...], counter: int, buffer: int) -> bool:
    """Whether the loop carries an integer and floats."""
    kinds = {(_kind(block.inputs[counter][1]), _kind(block.inputs[buffer][1])) for block in blocks}
    return kinds == {(":int", "")}


def _kind(fact: TensorFact | None) -> str | None:
    return None if fact is None else KINDS.get(fact.dtype)


def _results(block: Block, constants: Mapping[str, Any]) -> tuple[Node, ...]:
    """What a block gives back, as expressions of its inputs and of what lies outside."""
    known = {name: Node("var", value=place) for place, (name, _) in enumerate(block.inputs)}
    own = {**constants, **block.constants}

    def node(name: str) -> Node:
        if name in known:
            return known[name]
        return Node("const", value=own[name]) if name in own else Node("outer", value=name)

    for step in block.steps:
        inputs = {key: Node("const", value=value) for key, value in step.fixed.items()}
        inputs |= {source.parameter.name: node(source.names[0]) for source in step.sources}
        plain = len(step.outputs) == 1 and not step.blocks and all(len(s.names) == 1 for s in step.sources)
        for name, fact in step.outputs:
            kind = _kind(fact) if plain else None
            known[name] = Node("unknown" if kind is None else step.operator.name + kind, inputs)
    return tuple(node(name) for name in block.outputs)


def _is_var(node: Node, place: int) -> bool:
    return node.operator == "var" and bool(node.value == place)


def _is_first_axis(node: Node) -> bool:
    return node.operator == "const" and node.value == (0,)


def _is_number(node: Node, wanted: float) -> bool:
    if node.operator != "const":
        return False
    value = node.value
    if hasattr(value, "numel"):
        return bool(value.numel() == 1 and value.item() == wanted)
    return bool(value == wanted)


def _pair(node: Node, operator: str) -> tuple[tuple[Node, Node], ...]:
    """Both orders of the inputs of a commutative operator."""
    if node.operator != operator or set(node.inputs) != {"x", "y"}:
        return ()
    return (node.part("x"), node.part("y")), (node.part("y"), node.part("x"))


def _is_text(node: Node, wanted: str) -> bool:
    return node.operator == "const" and isinstance(node.value, str) and node.value == wanted


def _limit(node: Node, counter: int) -> int | None:
    """``n`` of ``counter < n``, with or without its axis of size 1."""
    if node.operator == "squeeze:bool":
        node = node.part("x")
    if node.operator != "less:bool" or not _is_var(node.part("x"), counter):
        return None
    bound = node.part("y")
    if bound.operator != "const" or bound.value.numel() != 1 or bound.value.is_floating_point():
        return None
    return int(bound.value)


def _is_next(node: Node, counter: int) -> bool:
    """Whether it is ``counter + 1``."""
    return any(_is_var(one, counter) and _is_number(other, 1) for one, other in _pair(node, "add:int"))


def _row(node: Node, counter: int) -> Node | None:
    """``t`` of ``squeeze(gather(t, counter))``: the row of ``t`` that the counter names."""
    gather = node.part("x")
    if node.operator != "squeeze" or not _is_first_axis(node.part("axes")):
        return None
    if gather.operator != "gather" or not _is_var(gather.part("indices"), counter):
        return None
    plain = all(key not in gather.inputs or _is_number(gather.part(key), 0) for key in ("axis", "batch_dims"))
    return gather.part("x") if plain else None


def _body(node: Node, counter: int, buffer: int) -> tuple[str, tuple[Any, ...]] | None:
    """Sequence and weights of ``scatter(buffer, counter + 1, h)`` with ``h`` the new state."""
    updates = node.part("updates")
    if node.operator != "scatter" or not _is_var(node.part("data"), buffer):
        return None
    if not _is_text(node.part("mode"), "add") or not _is_number(node.part("axis"), 0):
        return None
    if not _is_next(node.part("indices"), counter):
        return None
    if updates.operator != "expand_dims" or not _is_first_axis(updates.part("axes")):
        return None
    return _cell(updates.part("x"), counter, buffer)


def _cell(node: Node, counter: int, buffer: int) -> tuple[str, tuple[Any, ...]] | None:
    """``(1 - z) * n + z * h``."""
    for fresh, kept in _pair(node, "add"):
        for gate, old in _pair(kept, "mul"):
            row = _row(old, counter)
            if row is None or not _is_var(row, buffer):
                continue
            parts = {"z": _gate(gate, old)}
            for rest, tanh in _pair(fresh, "mul"):
                one_less = rest.operator == "sub" and _is_number(rest.part("x"), 1)
                if one_less and rest.part("y") is gate and tanh.operator == "tanh":
                    parts |= _candidate(tanh.part("x"), old)
                    return _joined(parts, counter)
    return None


def _gate(node: Node, state: Node) -> tuple[Node, Node] | None:
    """Both layers of ``sigmoid(linear(x) + linear(h))``: that of ``x``, then that of ``h``."""
    if node.operator != "sigmoid":
        return None
    for one, other in _pair(node.part("x"), "add"):
        if one.operator == other.operator == "linear" and other.part("x") is state:
            return one, other
    return None


def _candidate(node: Node, state: Node) -> dict[str, tuple[Node, Node] | None]:
    """The layers of ``linear(x) + r * linear(h)``, and those of ``r``."""
    for plain, gated in _pair(node, "add"):
        for gate, hidden in _pair(gated, "mul"):
            if plain.operator == hidden.operator == "linear" and hidden.part("x") is state:
                return {"n": (plain, hidden), "r": _gate(gate, state)}
    return {}


def _joined(
    parts: Mapping[str, tuple[Node, Node] | None], counter: int
) -> tuple[str, tuple[Any, ...]] | None:
    import torch

    layers = [pair for name in GATES if (pair := parts.get(name)) is not None]
    if len(layers) != len(GATES):
        return None
    inputs = [pair[0].part("x") for pair in layers]
    row = _row(inputs[0], counter)
    if row is None or row.operator != "outer" or any(one is not inputs[0] for one in inputs):
        return None
    weights = [[pair[side].part(kind) for pair in layers] for kind in ("weight", "bias") for side in (0, 1)]
    if any(one.operator != "const" for kind in weights for one in kind) or not _of_one_size(weights):
        return None
    return str(row.value), tuple(torch.cat([one.value for one in kind]) for kind in weights)


def _of_one_size(weights: list[list[Node]]) -> bool:
    """Whether the gates have equal sizes: [H, inputs], [H, H] and [H] twice."""
    given, *others = [{tuple(one.value.shape) for one in kind} for kind in weights]
    sizes = given.pop()
    rows = sizes[:1]
    return not given and len(sizes) == 2 and others == [{rows * 2}, {rows}, {rows}]
