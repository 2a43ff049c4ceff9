"""Thresholds of labels in a build: those that the spec states, and those refitted on each flavour's answers.

Refitting runs source and flavours on ``[data.calibration]``, never on the evaluation examples that judge the
result. Which labels are present comes from ``presence``, else from the one label of each example; then the
examples of other labels stand for absences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.build.conversion import Conversion, Made
from fieldpack.build.examples import Examples, load_outputs, save_source_tensors
from fieldpack.build.measurement import Outputs, answers_of, pooling_of, run_flavour
from fieldpack.bundle.thresholds import parse_thresholds
from fieldpack.contract import Output
from fieldpack.errors import BundleError, ContractError, SpecError
from fieldpack.parity.fitted import fitted_thresholds, one_hot
from fieldpack.runtime.flavour import PRECISIONS
from fieldpack.spec import Spec

Progress = Callable[[str, str, float], None]
Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of every label, float32 [C], NaN for none.

    Attributes
    ----------
    source : dict
        Output -> of the source model: stated, or refitted on its own answers.
    flavours : dict
        Flavour -> output -> refitted ones.
    """

    source: dict[str, Values] = field(default_factory=dict)
    flavours: dict[str, dict[str, Values]] = field(default_factory=dict)

    def of(self, flavour: str, output: str) -> Values | None:
        """Those in force for one output of a flavour; None where there are none by label."""
        own = self.flavours.get(flavour, {}).get(output)
        return self.source.get(output) if own is None else own


def stated_thresholds(spec: Spec, labels: Mapping[str, tuple[str, ...]]) -> dict[str, Values]:
    """The threshold files of a spec by output.

    Raises
    ------
    SpecError
        One cannot be read.
    ContractError
        One is malformed or for other labels.
    """
    found = {}
    for output in spec.contract.outputs:
        if output.thresholds is None:
            continue
        path = Path(output.thresholds)
        try:
            found[output.name] = parse_thresholds(path.read_bytes(), path.name, labels[output.name])
        except OSError as error:
            raise SpecError("the thresholds cannot be read", came=f"{path}: {error.strerror}") from error
        except BundleError as error:
            raise ContractError(error.what, came=error.came, allowed=error.allowed) from error
    return found


def make_thresholds(
    spec: Spec,
    labels: Mapping[str, tuple[str, ...]],
    calibration: Examples | None,
    made: Sequence[Made],
    folder: Path,
    progress: Progress,
) -> Thresholds:
    """Every threshold of a build; a label without a presence keeps what is stated, or none.

    Parameters
    ----------
    labels : mapping
        Output -> labels.
    calibration : Examples or None
        What thresholds are refitted on.
    made : sequence of Made
        The flavours.
    folder : Path
        Work folder.
    progress : callable
        Called with (road, stage, fraction).

    Raises
    ------
    SpecError
        Nothing says which labels are present.
    """
    stated = stated_thresholds(spec, labels)
    outputs = [output for output in spec.contract.outputs if output.refit is not None]
    if not outputs or calibration is None:
        return Thresholds(stated)
    fit = _Fit(spec, labels, calibration, stated)
    tensors = save_source_tensors(spec.contract, calibration, folder / "tensors")
    facts = Conversion(spec, folder, calibration, None, tensors, progress).answers_of_source()
    names = [output.name for output in spec.contract.outputs]
    answers = load_outputs(dict(zip(names, facts.outputs, strict=True)))
    source = {**stated, **{output.name: fit(output, answers) for output in outputs}}
    flavours = {}
    for item in made:
        answers = run_flavour(item, PRECISIONS[item.kind][0], calibration, folder, progress)
        flavours[item.name] = {output.name: fit(output, answers) for output in outputs}
    return Thresholds(source, flavours)


class _Fit:
    def __init__(
        self,
        spec: Spec,
        labels: Mapping[str, tuple[str, ...]],
        calibration: Examples,
        stated: Mapping[str, Values],
    ) -> None:
        self.spec, self.labels, self.calibration, self.stated = spec, labels, calibration, stated

    def __call__(self, output: Output, answers: Outputs) -> Values:
        found = answers_of(output, answers, self.calibration, pooling_of(self.spec.contract))
        scores = found.scores.reshape(len(found.scores), -1).astype(np.float32, copy=False)
        presence = self._presence(output.name)[found.rows]
        fitted = fitted_thresholds(scores, presence, output.refit or "f1")
        stated = self.stated.get(output.name)
        return fitted if stated is None else np.where(np.isnan(fitted), stated, fitted)

    def _presence(self, output: str) -> NDArray[np.bool_]:
        prepared, count = self.calibration.prepared, len(self.labels[output])
        if prepared.presence is not None:
            if prepared.presence.shape[1] != count:
                raise SpecError(
                    "the presence of [data.calibration] is for other labels",
                    came=f"{prepared.presence.shape[1]} columns",
                    allowed=f"the {count} labels of output {output}",
                )
            return prepared.presence
        if prepared.labels is None:
            raise SpecError(
                f"the thresholds of {output} are refitted, and nothing says where its labels are present",
                hint="give [data.calibration] its presence, or a label for each example",
            )
        return one_hot(prepared.labels, count)


def threshold_files(thresholds: Thresholds) -> dict[str, tuple[str, Values]]:
    """Path in the bundle -> output and values, for every threshold file."""
    files: dict[str, tuple[str, Any]] = {
        f"labels/{output}.thresholds.csv": (output, values) for output, values in thresholds.source.items()
    }
    for flavour, outputs in thresholds.flavours.items():
        for output, values in outputs.items():
            files[f"flavours/{flavour}/{output}.thresholds.csv"] = (output, values)
    return files
