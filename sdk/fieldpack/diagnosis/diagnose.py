"""A diagnosis: every cause looked for in one file, or in the quantised TFLite flavours of a bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.bundle.manifest import FlavourEntry, FlavourKind
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.diagnosis.causes import saturated_scores
from fieldpack.diagnosis.causes._cause_list import causes
from fieldpack.diagnosis.delegation import delegation
from fieldpack.diagnosis.examples import Array, file_examples, golden_examples
from fieldpack.diagnosis.finding import Cause, Examined, Finding
from fieldpack.diagnosis.observed import Observations, observe
from fieldpack.diagnosis.speed import Speed, timed
from fieldpack.diagnosis.subject import Made, Subject
from fieldpack.errors import InputError
from fieldpack.recipe import Method
from fieldpack.tflite.facts import TfliteModel
from fieldpack.tflite.file import open_model
from fieldpack.tflite.load_check import check_loads
from fieldpack.tflite.runner import tensor_specs

Progress = Callable[[str, float], None]
QUANTISING = frozenset({Method.STATIC_INT8, Method.DYNAMIC_INT8, Method.DYNAMIC_INT4})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found in one file.

    Attributes
    ----------
    name : str
        The file, or the flavour of a bundle.
    operators, quantised_operators : int
        How many there are.
    examples : str
        What it ran on; empty when it did not run.
    examined : tuple of (Cause, Examined)
        Every cause of the list.
    """

    name: str
    operators: int
    quantised_operators: int
    examples: str
    examined: tuple[tuple[Cause, Examined], ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, cause by cause, worst first within each."""
        return tuple(finding for _, found in self.examined for finding in found.findings)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "operators": self.operators,
            "quantised_operators": self.quantised_operators,
            "examples": self.examples,
            "findings": [finding.as_dict() for finding in self.findings],
            "causes": [
                {
                    "cause": cause.name,
                    "standing": found.standing.value,
                    "looked_at": found.looked_at,
                    "not_run": found.not_run,
                }
                for cause, found in self.examined
            ],
        }


def diagnose_file(
    path: Path,
    floating: Path | None = None,
    data: Path | None = None,
    progress: Progress = lambda stage, fraction: None,
) -> Diagnosis:
    """Look for every cause in a quantised ``.tflite`` file.

    Parameters
    ----------
    path : Path
        The file.
    floating : Path, optional
        The float file that it was made from: speed, weights rounded to zero.
    data : Path, optional
        Examples, as ``examples.file_examples`` reads them: ranges, channels, scores.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    ModelFileError
        A file is malformed, or LiteRT refuses it or crashes on it.
    InputError
        The file holds no quantised operator, the float file does, or the examples do not fit.
    """
    model = _opened(path)
    sibling = None if floating is None else _sibling(floating, model)
    examples = None if data is None else file_examples(data, tensor_specs(model.inputs, model.input_names))
    origin = "" if data is None else f"examples of {data.name}"
    return _diagnosis(path.name, model, sibling, None, examples, origin, progress)


def diagnose_bundle(
    path: Path, flavour: str | None = None, progress: Progress = lambda stage, fraction: None
) -> list[Diagnosis]:
    """Look for every cause in the quantised TFLite flavours of a bundle.

    The golden vectors are the examples, and the float32 flavour is the sibling, where there is one.

    Raises
    ------
    BundleError
        There is no good bundle at `path`.
    InputError
        It has no quantised TFLite flavour, or none of this name.
    """
    with open_bundle(path) as bundle:
        return [_flavour(bundle, entry, progress) for entry in _quantised(bundle, flavour)]


def _quantised(bundle: Bundle, wanted: str | None) -> list[FlavourEntry]:
    entries = [
        entry
        for entry in bundle.manifest.flavours
        if entry.kind is FlavourKind.TFLITE
        and any(rule.method in QUANTISING for rule in entry.compression.recipe)
    ]
    chosen = [entry for entry in entries if wanted in (None, entry.name)]
    if not chosen:
        raise InputError(
            "The bundle has no such quantised TFLite flavour",
            came=wanted or ", ".join(entry.name for entry in bundle.manifest.flavours),
            allowed=", ".join(entry.name for entry in entries) or "a TFLite flavour of int8 or int4",
        )
    return chosen


def _flavour(bundle: Bundle, entry: FlavourEntry, progress: Progress) -> Diagnosis:
    model = open_model(bundle.path(entry.path))
    floating = next(iter(_float_flavours(bundle)), None)
    sibling = None if floating is None else open_model(bundle.path(floating.path))
    made = Made(entry.compression.recipe, entry.compression.matched, entry.compression.changed)
    examples = golden_examples(bundle, entry, tensor_specs(model.inputs, model.input_names))
    return _diagnosis(entry.name, model, sibling, made, examples, "golden vectors", progress)


def _float_flavours(bundle: Bundle) -> Iterator[FlavourEntry]:
    for entry in bundle.manifest.flavours:
        methods = {rule.method for rule in entry.compression.recipe}
        if entry.kind is FlavourKind.TFLITE and methods == {Method.FLOAT32}:
            yield entry


def _opened(path: Path) -> TfliteModel:
    model = open_model(path)
    check_loads(path)
    if not model.quantised_op_count:
        raise InputError(
            f"{path} holds no quantised operator: there is nothing to diagnose",
            came=", ".join(model.activation_dtypes()),
            allowed="a TFLite file with integers",
        )
    return model


def _sibling(path: Path, quantised: TfliteModel) -> TfliteModel:
    model = open_model(path)
    check_loads(path)
    if any(tensor.is_quantised for tensor in model.main.tensors if not tensor.is_constant):
        raise InputError(
            "The file given as the float model computes in integers",
            came=path.name,
            allowed="a float .tflite file",
        )
    ours, theirs = ([tensor.shape for tensor in item.inputs] for item in (quantised, model))
    if ours != theirs:
        raise InputError(
            "The float file takes other inputs than the quantised one",
            came=", ".join(map(str, theirs)),
            allowed=", ".join(map(str, ours)),
        )
    return model


def _diagnosis(
    name: str,
    model: TfliteModel,
    sibling: TfliteModel | None,
    made: Made | None,
    examples: list[Array] | None,
    origin: str,
    progress: Progress,
) -> Diagnosis:
    progress(f"{name}: run the examples", 0.1)
    blank = Subject(model, None, sibling, made, delegation, _timing(model, sibling))
    observed = None if examples is None else _observed(blank, examples, origin)
    subject = Subject(model, observed, sibling, made, delegation, blank.time)
    found = []
    listed = causes()
    for number, cause in enumerate(listed):
        progress(f"{name}: {cause.name}", 0.5 + 0.5 * number / len(listed))
        found.append((cause, cause.examine(subject)))
    ran = "" if observed is None else f"{observed.examples} {origin}"
    return Diagnosis(name, len(model.operators), model.quantised_op_count, ran, tuple(found))


def _observed(blank: Subject, examples: list[Array], origin: str) -> Observations:
    return observe(blank.model.path, examples, origin, saturated_scores.score_tensors(blank))


def _timing(model: TfliteModel, sibling: TfliteModel | None) -> Callable[[], Speed | None]:
    return lambda: None if sibling is None else timed(model.path, sibling.path)
