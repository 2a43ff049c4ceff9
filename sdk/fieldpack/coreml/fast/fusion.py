"""Joins nodes that a converter took apart where ONNX has one operator for them.

Hard swish comes as ``t = x if x >= -3 else 0; t * hard_sigmoid(t)`` with ``alpha = 1/6``,
``beta = 1/2``: below -3 both forms give 0, above they are the same formula.
"""

from __future__ import annotations

import math
from collections import Counter

from fieldpack.coreml.fast.graph import Graph, Node

#: ``x >= -3`` written as ``x > `` the float32 number before it.
_BEFORE_MINUS_THREE = -3.000000238418579


def fuse(graph: Graph, results: set[str]) -> None:
    """Rewrite the nodes of ``graph``; tensors named in ``results`` stay."""
    uses = Counter(name for node in graph.nodes for name in node.inputs)
    makers = {name: node for node in graph.nodes for name in node.outputs}
    dropped: set[int] = set()
    rewritten: list[Node] = []
    for node in graph.nodes:
        parts = _hard_swish(node, makers)
        inner = [
            part for part in parts if uses[part.outputs[0]] <= (2 if part.op == "ThresholdedRelu" else 1)
        ]
        if parts and len(inner) == len(parts) and not results & {part.outputs[0] for part in parts}:
            dropped.update(map(id, parts))
            node = Node("HardSwish", parts[0].inputs, node.outputs, {})
        rewritten.append(node)
    graph.nodes = [node for node in rewritten if id(node) not in dropped]


def _hard_swish(node: Node, makers: dict[str, Node]) -> tuple[Node, ...]:
    """The threshold and the sigmoid behind a product, where they make a hard swish."""
    if node.op != "Mul":
        return ()
    for gate, other in (node.inputs, node.inputs[::-1]):
        sigmoid, threshold = makers.get(gate), makers.get(other)
        if sigmoid is None or threshold is None:
            continue
        if sigmoid.op == "HardSigmoid" and sigmoid.inputs[0] == other and _fits(sigmoid, threshold):
            return threshold, sigmoid
    return ()


def _fits(sigmoid: Node, threshold: Node) -> bool:
    if threshold.op != "ThresholdedRelu":
        return False
    numbers = (threshold.attributes["alpha"], sigmoid.attributes["alpha"], sigmoid.attributes["beta"])
    wanted = (_BEFORE_MINUS_THREE, 1 / 6, 0.5)
    return all(
        isinstance(number, float) and math.isclose(number, want, rel_tol=1e-6)
        for number, want in zip(numbers, wanted, strict=True)
    )
