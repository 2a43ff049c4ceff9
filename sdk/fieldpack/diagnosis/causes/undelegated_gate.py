"""``undelegated_gate``: a quantised hard-swish or squeeze-excite that XNNPACK leaves to the plain kernels.

Each of them cuts the delegated part in two. MobileNetV3 in int8 is three times slower than in float on x86
for this.
"""

from __future__ import annotations

from collections.abc import Iterator

from fieldpack.diagnosis.finding import Cause, Examined, Finding
from fieldpack.diagnosis.subject import Subject
from fieldpack.verdict import Evidence

POOLS = ("MEAN", "AVERAGE_POOL_2D", "SUM")
FIX = (
    "keep these operators float with a rule (float hard-swish is delegated), or replace hard-swish by ReLU6 "
    "and the hard-sigmoid gate by a sigmoid and train again; else ship float16 or dynamic_int8"
)


def examine(subject: Subject) -> Examined:
    """Hold hard-swishes and squeeze-excite blocks against what XNNPACK took."""
    gates = dict(_gates(subject))
    if not gates:
        return Examined((), "no hard-swish and no squeeze-excite")
    outside = [position for position in gates if position in subject.delegation.outside]
    looked = f"{len(gates)} operators of hard-swish and squeeze-excite"
    left = "" if subject.sibling is not None else "whether it is slower: give --float"
    if not outside:
        return Examined((), looked)
    speed = subject.speed
    if speed is not None and speed.ratio.low <= 1:
        ratio = speed.ratio.estimate
        return Examined((), f"{looked}; {len(outside)} undelegated, yet {ratio:.2f} times the time of float")
    says = f"{len(outside)} of {len(gates)} {_words(gates, outside)} operators run outside XNNPACK, which is "
    says += f"cut into {subject.delegation.parts} parts"
    if speed is not None:
        says += f"; {speed.ratio.estimate:.2f} times the time of float"
    layer = subject.layer(outside[0]) + (f" and {len(outside) - 1} more" if len(outside) > 1 else "")
    figure = len(outside) / len(subject.nodes)
    return Examined((Finding(CAUSE.name, layer, figure, says, Evidence.HOST, FIX),), looked, left)


def _words(gates: dict[int, str], outside: list[int]) -> str:
    return " and ".join(sorted({gates[position] for position in outside}))


def _gates(subject: Subject) -> Iterator[tuple[int, str]]:
    """Position -> which gate, of quantised operators."""
    for position, node in subject.named("HARD_SWISH"):
        if subject.tensor(node.outputs[0]).is_quantised:
            yield position, "hard-swish"
    for position, node in subject.named("MUL"):
        if subject.tensor(node.outputs[0]).is_quantised:
            for member in _squeeze_excite(subject, position):
                yield member, "squeeze-excite"


def _squeeze_excite(subject: Subject, position: int) -> list[int]:
    """The operators from the pool to the product, if this product is a squeeze-excite gate."""
    node = subject.nodes[position]
    for gate, _ in (node.inputs[:2], node.inputs[:2][::-1]):
        whole = next(index for index in node.inputs[:2] if index != gate or node.inputs[0] == node.inputs[1])
        if _places(subject, gate) != 1 or _places(subject, whole) <= 1:
            continue
        members = [position]
        index = gate
        while (at := subject.producers.get(index)) is not None and _places(subject, index) == 1:
            members.append(at)
            if subject.nodes[at].name in POOLS:
                return members
            index = subject.nodes[at].inputs[0]
    return []


def _places(subject: Subject, index: int) -> int:
    """Height times width of [1, H, W, C]; 1 for [1, C]."""
    shape = subject.tensor(index).shape
    return shape[1] * shape[2] if len(shape) == 4 else 1


CAUSE = Cause("undelegated_gate", "hard-swish or squeeze-excite outside XNNPACK, and slower", examine)
