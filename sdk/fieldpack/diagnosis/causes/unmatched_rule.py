"""``unmatched_rule``: a rule of the recipe matched no operator, or the whole recipe changed nothing.

The commonest way to ship a float model that everybody calls int8.
"""

from __future__ import annotations

from collections.abc import Iterator

from fieldpack.diagnosis.finding import Cause, Examined, Finding
from fieldpack.diagnosis.subject import Made, Subject
from fieldpack.recipe import Method
from fieldpack.verdict import Evidence

FIX = "list the names that rules are searched in with `fieldpack inspect FILE.tflite --layers`, mend the rule"
NO_RECORD = "the file does not say what rules it was made by; give the bundle"


def examine(subject: Subject) -> Examined:
    """Compare the manifest's rules with what they matched, and its promise with the file."""
    if subject.made is None:
        return Examined((), "", NO_RECORD)
    findings = [*_rules(subject.made), *_promise(subject)]
    return Examined(tuple(findings), f"{len(subject.made.rules)} rules of the manifest")


def _rules(made: Made) -> Iterator[Finding]:
    for number, (rule, matched) in enumerate(zip(made.rules, made.matched, strict=False)):
        if matched == 0:
            kinds = f" and operators {', '.join(rule.operators)}" if rule.operators else ""
            says = f"rule {number} ({rule.method.value} on layers {rule.layers!r}{kinds}) matched no operator"
            yield Finding(CAUSE.name, f"rule {number}", 1.0, says, Evidence.HOST, FIX)


def _promise(subject: Subject) -> Iterator[Finding]:
    """Static int8 was asked for, and no activation of the file is an integer."""
    asked = subject.made is not None and any(r.method is Method.STATIC_INT8 for r in subject.made.rules)
    computed = {index for node in subject.nodes for index in node.outputs if index >= 0}
    if asked and not any(subject.tensor(index).is_quantised for index in computed):
        says = "static int8 was asked for, and every activation of the file is float"
        yield Finding(CAUSE.name, "whole file", 1.0, says, Evidence.HOST, FIX)


CAUSE = Cause("unmatched_rule", "a rule matched nothing", examine)
