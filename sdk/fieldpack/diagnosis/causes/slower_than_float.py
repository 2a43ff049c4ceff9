"""``slower_than_float``: the quantised file takes longer than its float sibling, on this machine."""

from __future__ import annotations

from collections import Counter

from fieldpack.diagnosis.finding import Cause, Examined, Finding
from fieldpack.diagnosis.speed import Speed
from fieldpack.diagnosis.subject import Subject
from fieldpack.verdict import Evidence

FIX = (
    "time it on the phone too; there, if it is slower as well, keep the operators named here float "
    "with a rule, or ship float16 or dynamic_int8 and gain the size alone"
)


def examine(subject: Subject) -> Examined:
    """Time both files in turn; a finding when even the lower bound of the ratio is above 1."""
    speed = subject.speed
    if speed is None:
        return Examined((), "", "give the float file: --float FLOAT.tflite")
    if speed.ratio.low <= 1:
        return Examined((), _said(speed))
    says = _said(speed) + _outside(subject)
    finding = Finding(CAUSE.name, "whole file", speed.ratio.estimate, says, Evidence.HOST, FIX)
    return Examined((finding,), "both files in turn")


def _said(speed: Speed) -> str:
    ratio = speed.ratio
    return (
        f"{ratio.estimate:.2f} times the time of float ({ratio.low:.2f} to {ratio.high:.2f}; "
        f"{speed.quantised_ms:.3g} against {speed.float_ms:.3g} ms of one thread)"
    )


def _outside(subject: Subject) -> str:
    outside = Counter(subject.nodes[position].name for position in subject.delegation.outside)
    if not outside:
        return "; XNNPACK takes every operator"
    named = ", ".join(f"{count} {name}" for name, count in outside.most_common(5))
    return f"; outside XNNPACK: {named} ({subject.delegation.parts} delegated parts)"


CAUSE = Cause("slower_than_float", "the quantised file takes longer than the float one", examine)
