"""``shared_silu_range``: the input of a SiLU or hard-swish spends its range on values that become zero.

``x * sigmoid(x)`` maps everything below about -5 to almost nothing, but x is stored in one scale from its
least to its largest value. What is left for the values that matter is the width of the output over the
width of the input.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from fieldpack.diagnosis.finding import Cause, Examined, Finding, worst_first
from fieldpack.diagnosis.subject import Subject, affine, file_range
from fieldpack.verdict import Evidence

FEWEST_TIMES = 3.0
"""The input's step is this many times the output's: more than one and a half bits are lost."""
FIX = (
    "clip the input of the activation from below at -8 in the source model (SiLU: an error under 0.003), or "
    "choose percentile or mse ranges; train with quantisation, or use ReLU6"
)


def examine(subject: Subject) -> Examined:
    """Find products of a tensor with its own sigmoid, and hard-swishes, and compare both scales."""
    pairs = list(_gated(subject))
    findings = []
    for position, source, output in pairs:
        before, after = subject.tensor(source), subject.tensor(output)
        if not (affine(before) and affine(after)):
            continue
        times = before.scale[0] / after.scale[0]
        if times > FEWEST_TIMES:
            low, high = file_range(before)
            says = f"the input covers {low:.4g} to {high:.4g} and becomes {file_range(after)[0]:.3g} to "
            says += f"{file_range(after)[1]:.4g}: {math.log2(times):.1f} bits are spent on what becomes zero"
            layer = subject.layer(position)
            findings.append(Finding(CAUSE.name, layer, times, says, Evidence.ESTIMATED, FIX))
    return Examined(worst_first(findings), f"{len(pairs)} SiLU and hard-swish activations")


def _gated(subject: Subject) -> Iterator[tuple[int, int, int]]:
    """(position, input tensor, output tensor) of every self-gated activation."""
    for position, node in subject.named("HARD_SWISH"):
        yield position, node.inputs[0], node.outputs[0]
    for position, node in subject.named("MUL"):
        for gate, source in (node.inputs, node.inputs[::-1]):
            writer = subject.writer(gate)
            if writer is not None and writer.name == "LOGISTIC" and writer.inputs[0] == source:
                yield position, source, node.outputs[0]
                break


CAUSE = Cause("shared_silu_range", "a SiLU spends its input's range on values that become zero", examine)
