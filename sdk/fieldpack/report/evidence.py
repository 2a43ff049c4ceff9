"""``evidence/parity.json``, read into types.

The parity package writes it; a report must survive one that another hand wrote, so a field
of the wrong kind is a BundleError and a field that the report does not know is left alone.
"""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from fieldpack.errors import BundleError
from fieldpack.model import validated
from fieldpack.verdict import Figure

EVIDENCE_SCHEMA = 1
QUALITIES = ("flavour_top1", "top1_agreement", "centred_cosine")
"""Figures that say how good a flavour is, best known first; higher is better."""
WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def _number(value: object) -> object:
    return WORDS.get(value, value) if isinstance(value, str) else value


def _figure(value: object) -> object:
    return Figure.from_dict(value) if isinstance(value, dict) else value


Number = Annotated[float | None, BeforeValidator(_number)]
StoredFigure = Annotated[Figure, BeforeValidator(_figure)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True, arbitrary_types_allowed=True)


class ClassRow(_Part):
    """One class: recall in both models; ``low`` and ``high`` bound the drop."""

    index: int
    n: int
    source_recall: float
    flavour_recall: float
    low: Number = None
    high: Number = None

    @property
    def drop(self) -> float:
        """Recall lost, a fraction; negative when the flavour is better."""
        return self.source_recall - self.flavour_recall


class SliceRow(_Part):
    """One slice; accuracy is None without labels."""

    items: int
    agreement: Number = None
    n: int = 0
    drop: Number = None
    low: Number = None
    high: Number = None


class OutputRow(_Part):
    """One output of a regression, in its own unit."""

    index: int
    max_abs_error: Number = None
    rmse: Number = None
    bias: Number = None
    centred_cosine: Number = None


class Comparison(_Part):
    """One output of one flavour in one arithmetic, against the source model."""

    items: int = 0
    outputs: int = 0
    finite: bool = True
    figures: tuple[StoredFigure, ...] = ()
    classes: tuple[ClassRow, ...] = ()
    slices: dict[str, dict[str, SliceRow]] = {}
    output_changes: tuple[OutputRow, ...] = ()
    notes: tuple[str, ...] = ()

    def figure(self, name: str) -> Figure | None:
        """The figure of that name, or None where it has no finite value."""
        found = next((figure for figure in self.figures if figure.name == name), None)
        if found is None or found.value is None or not math.isfinite(found.value):
            return None
        return found


class LayerRow(_Part):
    """The error of one layer."""

    name: str
    operator: str = ""
    finite: bool = True
    sqnr_db: Number = None
    max_abs_error: Number = None


class FlavourEvidence(_Part):
    """Everything that was measured of one flavour: arithmetic -> output -> comparison."""

    evidence: str = "not_run"
    runs: dict[str, dict[str, Comparison]] = {}
    windows: dict[str, dict[str, Comparison]] = {}
    estimates: dict[str, dict[str, Comparison]] = {}
    layers: tuple[LayerRow, ...] = ()

    def worse(self, output: str) -> tuple[str, Comparison] | None:
        """The arithmetic in which an output came out worse, and its comparison."""
        found = [(precision, run[output]) for precision, run in self.runs.items() if output in run]
        for name in QUALITIES:
            values = [(run.figure(name), precision, run) for precision, run in found]
            known = [(item.value, precision, run) for item, precision, run in values if item is not None]
            if known:
                lowest = min(known, key=lambda item: item[0] or 0.0)
                return lowest[1], lowest[2]
        return found[-1] if found else None


class WorstRow(_Part):
    """One example that a flavour gets most wrong; a number of -1 means none."""

    id: str
    output: str
    picture: str | None = None
    label: int = -1
    divergence: Number = None
    source_top1: int = -1
    flavour_top1: int = -1
    source_probability: Number = None
    flavour_probability: Number = None


class StepRow(_Part):
    """One pass of the recipe."""

    method: str
    matched: tuple[str, ...] = ()
    parameters_before: int
    parameters: int


class EstimatedFigure(_Part):
    """Milliseconds by a table; no value where the table does not know an operator."""

    value: float | None = None


class EstimatedLatency(_Part):
    """What a table told of a trial."""

    figure: EstimatedFigure


class TrialRow(_Part):
    """One trial of the search."""

    number: int
    stage: str
    installed_bytes: int | None = None
    reason: str = ""
    estimated: EstimatedLatency | None = None


class EstimatesRow(_Part):
    """The table that told the trials' latencies, with its own error."""

    target: str
    error: str


class ConfirmedRow(_Part):
    """The winner of the search on examples that no trial saw."""

    items: int
    outcome: str


class SearchRecord(_Part):
    """What the search tried; ``front`` and ``best`` are numbers of trials."""

    best: int | None = None
    front: tuple[int, ...] = ()
    trials: tuple[TrialRow, ...] = ()
    confirmed: ConfirmedRow | None = None
    estimates: EstimatesRow | None = None


class Evidence(_Part):
    """The whole file; one that measured nothing has no flavours."""

    schema_version: int = EVIDENCE_SCHEMA
    examples: int = 0
    items: int = 0
    labelled: bool = False
    left_out: int = 0
    flavours: dict[str, FlavourEvidence] = {}
    worst: dict[str, tuple[WorstRow, ...]] = {}
    warnings: tuple[str, ...] = ()
    recipe: tuple[StepRow, ...] = ()
    search: SearchRecord | None = None


def read_evidence(data: bytes, where: str) -> Evidence:
    """Read the evidence of a bundle.

    Raises
    ------
    BundleError
        It is not a JSON object, of another schema, or a field is of the wrong kind.
    """
    try:
        values: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{where} is not JSON", came=error) from error
    if not isinstance(values, dict):
        raise BundleError(f"{where} is not a JSON object", came=type(values).__name__)
    if values.get("schema_version", EVIDENCE_SCHEMA) != EVIDENCE_SCHEMA:
        raise BundleError(
            f"{where} is of a schema that this release does not know",
            came=values["schema_version"],
            allowed=str(EVIDENCE_SCHEMA),
            hint="install a newer release of fieldpack",
        )
    return validated(Evidence, values, where, BundleError)
