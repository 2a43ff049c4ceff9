"""``stretching_pad``: a padding constant far outside the values takes most of the range.

``PADV2`` writes its constant into the same scale as the values: -255 or -inf around values of a few units
leaves the values a few steps (onnx2tf issues 269 and 444). ``SELECT`` and ``CONCATENATION`` do the same with
constants as masks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from fieldpack.diagnosis.finding import Cause, Examined, Finding, worst_first
from fieldpack.diagnosis.subject import Subject, affine, file_range, real_values
from fieldpack.verdict import Evidence

SHARE_ALONE = 0.8
"""Share of the range that only the constant uses, judged from the file alone: two bits are lost."""
SHARE_SEEN = 0.5
"""The same where examples show what the values use: one bit is lost."""
CONSTANTS = {"PADV2": (2,), "SELECT": (1, 2), "SELECT_V2": (1, 2), "CONCATENATION": None}
"""Inputs that may hold the constant; None is any."""
FIX = (
    "pad with a value that occurs (0, or the least of the values), or apply the mask after the scores; else "
    "keep this layer and its producer float with a rule"
)


def examine(subject: Subject) -> Examined:
    """Compare the constants of padding operators with the range that their output has."""
    nodes = list(subject.named(*CONSTANTS))
    findings = [found for position, _ in nodes for found in _at(subject, position)]
    return Examined(worst_first(findings), f"{len(nodes)} padding, selecting and joining operators")


def _at(subject: Subject, position: int) -> Iterator[Finding]:
    node = subject.nodes[position]
    output = subject.tensor(node.outputs[0])
    if not affine(output):
        return
    low, high = file_range(output)
    places = CONSTANTS[node.name]
    inputs = node.inputs if places is None else [node.inputs[place] for place in places]
    constants = [index for index in inputs if index >= 0 and subject.tensor(index).is_constant]
    values = [real_values(subject.model, subject.tensor(index)) for index in constants]
    found = [array for array in values if array is not None and array.size]
    computed = [index for index in node.inputs if index >= 0 and not subject.tensor(index).is_constant]
    if not found or not computed:
        return
    ends = min(float(np.min(array)) for array in found), max(float(np.max(array)) for array in found)
    widths = [subject.seen_width(index) for index in computed]
    known = [width for width in widths if width is not None]
    share, evidence, limit = _share(ends, (low, high), max(known) if known else None)
    if share >= limit:
        constant = ends[0] if abs(ends[0]) > abs(ends[1]) else ends[1]
        bits = -math.log2(max(1 - share, 2**-16))
        says = f"the constant {constant:.4g} takes {share:.0%} of the range {low:.4g} to {high:.4g}: "
        says += f"the values lose {bits:.1f} bits"
        yield Finding(CAUSE.name, subject.layer(position), share, says, evidence, FIX)


def _share(
    ends: tuple[float, float], whole: tuple[float, float], seen: float | None
) -> tuple[float, Evidence, float]:
    """Share of the range that only the constant uses; zero belongs to the values."""
    width = whole[1] - whole[0]
    step = width / 255
    own = max(-ends[0] if ends[0] <= whole[0] + step else 0.0, ends[1] if ends[1] >= whole[1] - step else 0.0)
    alone = min(own / width, 1.0)
    if seen is None:
        return alone, Evidence.ESTIMATED, SHARE_ALONE
    return min(alone, max(0.0, 1 - seen / width)), Evidence.HOST, SHARE_SEEN


CAUSE = Cause("stretching_pad", "a padding constant stretches a range", examine)
