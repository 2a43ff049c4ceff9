"""Flavours and source on ``[data.background]``: examples in which there is nothing that the model knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fieldpack.build.conversion import Conversion, Made
from fieldpack.build.examples import Examples, load_outputs, save_source_tensors
from fieldpack.build.measurement import Outputs, answers_of, pooling_of, run_flavour
from fieldpack.contract import Output
from fieldpack.errors import SpecError
from fieldpack.parity.background import compare_background
from fieldpack.runtime.flavour import EVIDENCE, PRECISIONS
from fieldpack.spec import Spec

NAME = "background"
Progress = Callable[[str, str, float], None]


def firing_outputs(spec: Spec) -> list[Output]:
    """The outputs that fire: those with labels and a threshold.

    Raises
    ------
    SpecError
        There is none.
    """
    found = [
        item for item in spec.contract.outputs if item.activation.classifies and item.threshold is not None
    ]
    if not found:
        raise SpecError(
            f"[data.{NAME}] says how often a model fires, and no output has a threshold",
            came=", ".join(item.name for item in spec.contract.outputs),
            hint="give [[contract.outputs]] its threshold, or leave the table out",
        )
    return found


def add_background(
    spec: Spec,
    examples: Examples,
    made: Sequence[Made],
    evidence: dict[str, Any],
    folder: Path,
    progress: Progress,
) -> None:
    """Run source and flavours on the background, and add how often they fire to the evidence.

    Parameters
    ----------
    spec : Spec
        Its contract has the thresholds.
    examples : Examples
        The background.
    made : sequence of Made
        The flavours.
    evidence : dict
        Is added to, ``background`` of each flavour.
    folder : Path
        Work folder.
    progress : callable
        Called with (road, stage, fraction).
    """
    outputs = firing_outputs(spec)
    tensors = save_source_tensors(spec.contract, examples, folder / "tensors")
    facts = Conversion(spec, folder, examples, None, tensors, progress).answers_of_source()
    names = [item.name for item in spec.contract.outputs]
    source = load_outputs(dict(zip(names, facts.outputs, strict=True)))
    for item in made:
        found: dict[str, Any] = {}
        for precision in PRECISIONS[item.kind]:
            answers = run_flavour(item, precision, examples, folder, progress)
            found[precision] = {
                output.name: _compared(spec, output, source, answers, examples, item) for output in outputs
            }
        evidence["flavours"][item.name][NAME] = found


def _compared(
    spec: Spec, output: Output, source: Outputs, answers: Outputs, examples: Examples, item: Made
) -> dict[str, Any]:
    pooling = pooling_of(spec.contract)
    first, second = (answers_of(output, each, examples, pooling) for each in (source, answers))
    parity = compare_background(
        first.scores.reshape(len(first.scores), -1),
        second.scores.reshape(len(second.scores), -1),
        output.threshold or 0.0,
        blocks=first.blocks,
        evidence=EVIDENCE[item.kind],
    )
    return parity.as_dict()
