"""``mixed_scale_concat``: inputs of different widths are joined under one scale.

TFLite demands one scale of all that is concatenated, so the widest input decides: boxes beside scores,
places beside features.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from fieldpack.diagnosis.finding import Cause, Examined, Finding, worst_first
from fieldpack.diagnosis.subject import Subject, affine, file_range
from fieldpack.verdict import Evidence

FEWEST_TIMES = 4.0
"""The scale is this many times wider than an input needs: two of its eight bits are lost."""
FIX = (
    "keep the concatenation float with a rule, or scale the narrow input up before it and fold the factor "
    "into the weights behind; or return the parts as outputs of their own"
)


def examine(subject: Subject) -> Examined:
    """Compare the width of every input of a concatenation with the scale that they share."""
    nodes = [
        (position, node)
        for position, node in subject.named("CONCATENATION", "PACK")
        if affine(subject.tensor(node.outputs[0])) and len(node.inputs) > 1
    ]
    findings, unknown = [], 0
    for position, node in nodes:
        widths = {index: _own_width(subject, index) for index in node.inputs}
        unknown += any(width is None for width in widths.values())
        findings += list(_at(subject, position, widths))
    left = f"the widths of {unknown} concatenations show on examples only: give --data" if unknown else ""
    return Examined(worst_first(findings), f"{len(nodes)} concatenations", left)


def _own_width(subject: Subject, index: int) -> tuple[float, Evidence] | None:
    """What an input would need by itself: seen on examples, or its own scale before it was requantised."""
    seen = subject.seen_width(index)
    if seen is not None:
        return seen, Evidence.HOST
    tensor = subject.tensor(index)
    writer = subject.writer(index)
    if writer is not None and writer.name == "QUANTIZE":
        tensor = subject.tensor(writer.inputs[0])
    elif tensor.is_constant or not affine(tensor):
        return 0.0, Evidence.ESTIMATED  # a constant loses what it loses once, at conversion
    else:
        return None
    if not affine(tensor):
        return None
    low, high = file_range(tensor)
    return high - low, Evidence.ESTIMATED


def _at(
    subject: Subject, position: int, widths: dict[int, tuple[float, Evidence] | None]
) -> Iterator[Finding]:
    low, high = file_range(subject.tensor(subject.nodes[position].outputs[0]))
    for number, index in enumerate(subject.nodes[position].inputs):
        known = widths[index]
        if known is None or known[0] <= 0:
            continue
        times = (high - low) / known[0]
        widest = max(width[0] for width in widths.values() if width is not None)
        if times > FEWEST_TIMES and widest > FEWEST_TIMES * known[0]:
            says = f"input {number} needs a width of {known[0]:.4g} and shares one of {high - low:.4g}: "
            says += f"it loses {math.log2(times):.1f} bits"
            yield Finding(CAUSE.name, subject.layer(position), times, says, known[1], FIX)


CAUSE = Cause("mixed_scale_concat", "inputs of different widths share one scale", examine)
