"""Which operators to keep in float32, so that a risk of half precision goes away.

An operator at risk is seldom the place to mend: a sine is wrong because its argument was stored in
half floats before it began. So an island reaches from the operator at risk upstream, over what only
carries or scales numbers, to the input or to the operator that computed them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fieldpack.coreml.precision_risk import RiskKind
from fieldpack.coreml.step import Step

#: Operators that carry, pick or scale numbers: what reaches them wrong leaves them wrong.
CARRIERS = frozenset(
    {
        "abs",
        "add",
        "clip",
        "concat",
        "expand_dims",
        "flatten2d",
        "gather",
        "gather_along_axis",
        "identity",
        "maximum",
        "minimum",
        "mul",
        "pad",
        "real_div",
        "reshape",
        "reverse",
        "select",
        "slice_by_index",
        "slice_by_size",
        "split",
        "squeeze",
        "stack",
        "sub",
        "tile",
        "transpose",
    }
)
#: Risks that float32 upstream takes away. The order of close neighbours is the whole network's.
MENDED = frozenset(RiskKind) - {RiskKind.ORDER}
#: What the converter appends to the name of an operator that it moved to half floats.
CONVERTER_SUFFIX = re.compile(r"(_cast)?_fp16(_\d+)?$")
NUMBERED = re.compile(r"var_(?=\d)")


def suggest_islands(steps: Sequence[Step], risky: Mapping[str, set[RiskKind]], half: set[str]) -> str | None:
    """An expression for ``float32_layers`` of a Core ML flavour; None where nothing would help.

    Parameters
    ----------
    steps : sequence of Step
        The program.
    risky : mapping of str to set of RiskKind
        First result of an operation -> its findings.
    half : set of str
        Names that are carried in half floats.
    """
    writers = {name: step for step in steps for name, _ in step.outputs}
    island: dict[str, None] = {}
    for name, kinds in risky.items():
        if kinds & MENDED:
            _add(writers, writers[name], half, island)
        if RiskKind.OVERFLOW in kinds:
            island |= {
                reader.outputs[0][0]: None for reader in steps if name in reader.uses and reader.outputs
            }
    ordered = [step.outputs[0][0] for step in steps if step.outputs and step.outputs[0][0] in island]
    names = dict.fromkeys(original_name(name) for name in ordered if writers[name].operator.name != "cast")
    return f"^({'|'.join(map(pattern, names))})$" if names else None


def original_name(name: str) -> str:
    """The name before the converter moved the operator to half floats."""
    return CONVERTER_SUFFIX.sub("", name)


def pattern(name: str) -> str:
    """An expression for a name as it was before the package was saved.

    Saving turns characters that are neither letter nor digit into ``_`` and puts ``var_`` before a
    name that begins with a digit.
    """
    numbered = NUMBERED.match(name)
    kept = name[numbered.end() :] if numbered else name
    return ("(var.)?" if numbered else "") + re.escape(kept).replace("_", ".")


def _add(writers: Mapping[str, Step], step: Step, half: set[str], island: dict[str, None]) -> None:
    name = step.outputs[0][0]
    if name in island:
        return
    island[name] = None
    for used in sorted(step.uses & half):
        before = writers.get(used)
        if before is None:
            continue
        if before.operator.name in CARRIERS or before.operator.name == "cast":
            _add(writers, before, half, island)
        else:
            island.setdefault(before.outputs[0][0])
