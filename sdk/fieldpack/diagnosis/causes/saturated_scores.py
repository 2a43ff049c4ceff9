"""``saturated_scores``: the scores stand at the end of their scale, or tie where they did not.

A score that is clipped cannot be told from the next one that is. Rounding to 256 steps does it too: softmax
of a thousand classes has a step of 1/256, and all that is less is zero.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fieldpack.diagnosis.finding import Cause, Examined, Finding, worst_first
from fieldpack.diagnosis.subject import FIXED_SCALE, Subject, limits
from fieldpack.verdict import Evidence

MOST_CLIPPED, MOST_TIED = 0.05, 0.05
"""Share of examples whose best score is clipped, or shared by two classes."""
FEWEST_CLASSES = 2
PASSING = frozenset({"DEQUANTIZE", "QUANTIZE", "RESHAPE", "SQUEEZE"})


def examine(subject: Subject) -> Examined:
    """Look at the scores and what feeds them, example by example."""
    tensors = score_tensors(subject)
    if not tensors:
        return Examined((), "no quantised scores")
    if subject.observed is None:
        return Examined((), "", "values show on examples only: give --data")
    findings: list[Finding] = []
    for index in reversed(tensors):
        found = list(_at(subject, index))
        if not (findings and _prescribed(subject, index)):  # what the logits lost, softmax cannot show
            findings += found
    return Examined(
        worst_first(findings), f"{len(tensors)} score tensors, {subject.observed.examples} examples"
    )


def score_tensors(subject: Subject) -> tuple[int, ...]:
    """Quantised tensors [1, C] that are scores: what is put out, and what feeds a last softmax."""
    found: dict[int, None] = {}
    for output in subject.model.main.outputs:
        index = _behind(subject, output)
        found[index] = None
        writer = subject.writer(index)
        if writer is not None and writer.name in FIXED_SCALE:
            found[_behind(subject, writer.inputs[0])] = None
    return tuple(index for index in found if _is_scores(subject, index))


def _behind(subject: Subject, index: int) -> int:
    writer = subject.writer(index)
    while writer is not None and writer.name in PASSING:
        index = writer.inputs[0]
        writer = subject.writer(index)
    return index


def _is_scores(subject: Subject, index: int) -> bool:
    tensor = subject.tensor(index)
    classes = int(np.prod(tensor.shape[1:])) if len(tensor.shape) > 1 else 0
    flat = classes >= FEWEST_CLASSES and classes == tensor.shape[-1]
    return flat and tensor.dtype in ("int8", "uint8") and index in subject.producers


def _prescribed(subject: Subject, index: int) -> bool:
    return subject.nodes[subject.producers[index]].name in FIXED_SCALE


def _fix(subject: Subject) -> str:
    """The rules that leave the scores unrounded, in the words of a spec."""
    last = (subject.writer(_behind(subject, output)) for output in subject.model.main.outputs)
    names = dict.fromkeys(node.name for node in last if node is not None and node.name in FIXED_SCALE)
    rule = 'leave the scores unrounded: rules = [{ method = "dynamic_int8", layers = "LAST LAYER" }'
    also = ", ".join(f'"{name}"' for name in names)
    return rule + (f', {{ method = "float32", layers = ".*", operators = [{also}] }}]' if also else "]")


def _at(subject: Subject, index: int) -> Iterator[Finding]:
    seen, tensor = subject.seen(index), subject.tensor(index)
    if seen is None or not seen.rows:
        return
    rows = np.stack(seen.rows)
    best = rows.max(axis=1)
    bottom, top = limits(tensor)
    clipped = float((best == top).mean())
    several = (rows == best[:, None]).sum(axis=1) > 1
    tied = float((several & (best > bottom)).mean())  # at the bottom nothing was found, which is no tie
    position = subject.producers[index]
    if clipped > MOST_CLIPPED and not _prescribed(subject, index):
        says = f"the best score stands at the end of the scale in {clipped:.0%} of the examples"
        yield Finding(CAUSE.name, subject.layer(position), clipped, says, Evidence.HOST, _fix(subject))
    if tied > MOST_TIED:
        says = f"two classes or more share the best score in {tied:.0%} of the examples"
        yield Finding(CAUSE.name, subject.layer(position), tied, says, Evidence.HOST, _fix(subject))


CAUSE = Cause("saturated_scores", "scores stand at the end of their scale, or tie", examine)
