"""Known changes between two bundles: each must be named by ``fieldpack diff``, and ask for the right version.

A change is told as it should be when it is named, by rule and field, and the step is the one that it asks
for; and when nothing else of that step is claimed, since a bundle that is blamed for what it does not do is
not believed for what it does. Evidence is ``host``: these are counts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.build.requirements import requirements_of
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.thresholds import thresholds_bytes
from fieldpack.difference import BundleDifference, Step, compare_bundles
from fieldpack.difference.testing import Edit, Fields, Files, varied_bundle
from fieldpack.taxonomy import Form, Taxon, Taxonomy, write_taxonomy
from fieldpack.testing import TINY_LABELS, TINY_MODEL
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.delivery.small_bundles import (
    BUNDLES,
    LABELS,
    OWN_THRESHOLDS,
    SIDE,
    TAXA,
    THRESHOLDS,
    TREE,
    class_weights,
    set_weights,
    sound_bundle,
)
from fieldpack_benchmarks.study import Bar, Column
from fieldpack_benchmarks.table import Cell

LEAST_KINDS = 20
FLAVOUR = "tflite-float32"
PIXELS = SIDE * SIDE * 3
COLUMNS = (
    Column("change", "text", "host", "what was planted"),
    Column("rule", "text", "host", "the rule that names it"),
    Column("field", "text", "host", "where it is"),
    Column(
        "named", "text", "host", "whether the difference names it there, and claims nothing more of its step"
    ),
    Column("step", "text", "host", "what the difference asks of the version"),
    Column("due", "text", "host", "what it should ask"),
)


@dataclass(frozen=True, slots=True)
class PlantedChange:
    """A change, and how it must be told.

    Attributes
    ----------
    name : str
        What is done.
    base : str
        One of :data:`BUNDLES`.
    edit : callable, or mapping
        Changes manifest and files in place; of a sound bundle, fields of the front-end.
    rule, field : str
        What the difference must name.
    step : Step
        What it must ask for.
    beside : tuple of str
        Rules of the same step that the change breaks as well.
    """

    name: str
    base: str
    edit: Edit | Mapping[str, Any]
    rule: str
    field: str
    step: Step
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """What a difference said of a planted change."""

    change: PlantedChange
    named: bool
    step: Step
    claimed: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether it is named, with the right step and nothing more."""
        return self.named and self.step is self.change.step and not self.claimed

    def row(self) -> Mapping[str, Cell]:
        """A row of the study."""
        more = f"claims {', '.join(self.claimed)}" if self.claimed else "yes"
        return {
            "change": self.change.name,
            "rule": self.change.rule,
            "field": self.change.field,
            "named": more if self.named else "no",
            "step": self.step.value,
            "due": self.change.step.value,
        }


def field_edit(path: str, value: object) -> Edit:
    """Set a field of the manifest; numbers in the path are places in a list."""

    def edit(fields: Fields, files: Files) -> None:
        *steps, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        table: Any = fields
        for step in steps:
            table = table[step]
        table[last] = value

    return edit


def _input(field: str, value: object) -> Edit:
    return field_edit(f"contract.inputs.0.{field}", value)


def _labels(*words: str, taxa: Sequence[Taxon] = TAXA) -> Edit:
    def edit(fields: Fields, files: Files) -> None:
        files[LABELS] = "".join(f"{word}\n" for word in words).encode()
        files[TREE] = write_taxonomy(Taxonomy(tuple(taxa)), Form.PLAIN)

    return edit


def _relabelled(taxon: str, **changed: Any) -> tuple[Taxon, ...]:
    from dataclasses import replace

    return tuple(replace(item, **changed) if item.id == taxon else item for item in TAXA)


def _both(*edits: Edit) -> Edit:
    def edit(fields: Fields, files: Files) -> None:
        for one in edits:
            one(fields, files)

    return edit


def _weights(classes: int = 3, nudge: float = 0.0) -> Edit:
    """Other weights in every flavour that can run, and the answers that they give."""

    def edit(fields: Fields, files: Files) -> None:
        weights = class_weights(classes, PIXELS)
        weights[0] += nudge
        set_weights(fields, files, weights)

    return edit


def _operator(version: int) -> Edit:
    """Another version of the first operator, in the file itself; what it needs is read from the file."""

    def edit(fields: Fields, files: Files) -> None:
        import flatbuffers
        from ai_edge_litert import schema_py_generated as schema

        model = schema.ModelT.InitFromPackedBuf(bytearray(files[TINY_MODEL]), 0)
        model.operatorCodes[0].version = version
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        files[TINY_MODEL] = bytes(builder.Output())
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "model.tflite"
            place.write_bytes(files[TINY_MODEL])
            needed = requirements_of(FlavourKind.TFLITE, place)
        fields["flavours"][0]["requires"] = needed.model_dump(mode="json")

    return edit


def _thresholds(path: str) -> Edit:
    def edit(fields: Fields, files: Files) -> None:
        files[path] = thresholds_bytes(TINY_LABELS, np.array([0.7, 0.2, np.nan], np.float32))

    return edit


def _swap_outputs(fields: Fields, files: Files) -> None:
    for part in (fields["contract"], *fields["flavours"]):
        part["outputs"] = part["outputs"][::-1]


def _without_flavour(fields: Fields, files: Files) -> None:
    gone = fields["flavours"].pop(1)
    for name in [name for name in files if name.startswith(gone["path"])]:
        del files[name]
    files.pop(gone["golden"]["files"]["scores"])


def _removed_label(fields: Fields, files: Files) -> None:
    _weights(2)(fields, files)
    _labels("bee", "moth", taxa=TAXA[:-1])(fields, files)


_ANT = (*TAXA, Taxon("4", "10", "ant", 10.0, 3))
_SWAPPED = (*TAXA[:2], Taxon("2", "20", "moth", 10.0, 0), Taxon("1", "10", "bee", 10.0, 1), TAXA[4])
_MAJOR, _MINOR, _PATCH = Step.MAJOR, Step.MINOR, Step.PATCH
_MAKING = "preprocessing.changed"
_BORDER = f"flavours.{FLAVOUR}.inputs.image"

PLANTED: tuple[PlantedChange, ...] = (
    PlantedChange("two labels swapped", "picture", _labels("moth", "bee", "wasp", taxa=_SWAPPED),
                  "labels.reordered", "scores: bee", _MAJOR),
    PlantedChange("a label gone", "picture", _removed_label, "labels.removed", "scores: wasp", _MAJOR),
    PlantedChange("a label new", "picture",
                  _both(_weights(4), _labels("bee", "moth", "wasp", "ant", taxa=_ANT)),
                  "labels.added", "scores: ant", _MINOR, ("outputs.changed",)),
    PlantedChange("a label renamed", "picture",
                  _labels("bee", "hawkmoth", "wasp", taxa=_relabelled("2", name="hawkmoth")),
                  "labels.renamed", "scores: moth", _PATCH),
    PlantedChange("a taxon with another parent", "picture",
                  _labels(*TINY_LABELS, taxa=_relabelled("2", parent="10")),
                  "taxonomy.moved", "scores: 2", _PATCH),
    PlantedChange("crop rule of pictures", "picture", _input("resize.fit.fraction", 1.0),
                  _MAKING, "inputs.image.resize.fit.fraction", _MAJOR),
    PlantedChange("value range of pixels", "picture", _input("normalization.low", 0.0),
                  _MAKING, "inputs.image.normalization.low", _MAJOR),
    PlantedChange("colour order", "picture", _input("color_order", "bgr"),
                  _MAKING, "inputs.image.color_order", _MAJOR),
    PlantedChange("resampler of pictures", "picture", _input("resize.method", "bilinear_no_antialias"),
                  _MAKING, "inputs.image.resize.method", _MAJOR),
    PlantedChange("resampler of sounds", "sound", {"resampler": {"kind": "soxr_hq"}},
                  _MAKING, "inputs.spectrogram.front_end.resampler", _MAJOR),
    PlantedChange("sample rate", "sound", {"sample_rate_hz": 16000},
                  _MAKING, "inputs.spectrogram.front_end.sample_rate_hz", _MAJOR),
    PlantedChange("highest mel band", "sound",
                  {"mel": {"bands": 16, "fmin_hz": 100.0, "fmax_hz": 3500.0, "scale": "htk", "norm": "none",
                           "triangles": "hz"}},
                  _MAKING, "inputs.spectrogram.front_end.mel.fmax_hz", _MAJOR),
    PlantedChange("constant of the encoding of places", "place", _input("encoding.highest_m", 6574.0),
                  _MAKING, "inputs.place.encoding.highest_m", _MAJOR),
    PlantedChange("thresholds of another model", "place", _thresholds(THRESHOLDS),
                  "thresholds.changed", "scores: bee", _MINOR),
    PlantedChange("a flavour's thresholds of another model", "place", _thresholds(OWN_THRESHOLDS),
                  "thresholds.changed", f"scores of {FLAVOUR}: bee", _MINOR),
    PlantedChange("threshold of an output", "place", field_edit("contract.outputs.0.threshold", 0.6),
                  "thresholds.changed", "outputs.scores.threshold", _MINOR),
    PlantedChange("outputs in another order", "picture", _swap_outputs, "contract.reordered", "outputs",
                  _MAJOR, ("borders.changed",)),
    PlantedChange("activation of an output", "picture", field_edit("contract.outputs.0.activation", "logits"),
                  "contract.changed", "outputs.scores.activation", _MAJOR),
    PlantedChange("unit of an output", "picture", field_edit("contract.outputs.1.unit", "metre"),
                  "contract.changed", "outputs.traits.unit", _MAJOR),
    PlantedChange("weights nudged", "picture", _weights(nudge=0.002),
                  "outputs.changed", f"scores of {FLAVOUR}", _MINOR),
    PlantedChange("version of an operator raised", "picture", _operator(4),
                  "operators.raised", f"flavours.{FLAVOUR}.operators.FULLY_CONNECTED", _PATCH,
                  ("files.changed",)),
    PlantedChange("newer runtime needed", "picture", _operator(9),
                  "requires.raised", f"flavours.{FLAVOUR}.requires.tflite_runtime", _MAJOR),
    PlantedChange("newer iOS needed", "picture", field_edit("flavours.1.requires.ios", "17"),
                  "requires.raised", "flavours.coreml-float32.requires.ios", _MAJOR),
    PlantedChange("a flavour gone", "picture", _without_flavour,
                  "flavours.removed", "coreml-float32", _MAJOR),
    PlantedChange("a tensor with another name", "picture",
                  field_edit("flavours.0.inputs.0.tensor", "input_1"),
                  "borders.changed", f"{_BORDER}.tensor", _MAJOR),
    PlantedChange("pixels scaled outside the file", "picture",
                  _both(field_edit("flavours.0.inputs.0.scale", [1 / 127.5] * 3),
                        field_edit("flavours.0.inputs.0.offset", [-1.0] * 3)),
                  "borders.changed", f"{_BORDER}.scale", _MAJOR),
    PlantedChange("recipe of a flavour", "picture", field_edit("flavours.0.compression.changed", 1),
                  "recipe.changed", f"flavours.{FLAVOUR}.compression.changed", _PATCH),
    PlantedChange("description alone", "picture", field_edit("description", "Insects."),
                  "description.changed", "description", _PATCH),
    PlantedChange("licence alone", "picture", field_edit("license", "CC-BY-4.0"),
                  "license.changed", "license", _PATCH),
)  # fmt: skip
"""Every kind of change."""
OPERATOR_OF_BASE = 3
"""Version of the operator before; a newer one of the same runtime needs nothing more."""


def plant(progress: Callable[[str, float], None] = lambda stage, done: None) -> tuple[Telling, ...]:
    """Plant every change in a bundle made for it, and ask what the difference is."""
    with tempfile.TemporaryDirectory(prefix="fieldpack-planted-") as name:
        folder = Path(name)
        bases = {kind: make(folder / kind) for kind, make in BUNDLES.items()}
        bases["picture"] = varied_bundle(bases["picture"], folder / "picture-3", _operator(OPERATOR_OF_BASE))
        found = []
        for number, change in enumerate(PLANTED):
            progress(change.name, number / len(PLANTED))
            found.append(_told(change, bases[change.base], folder / f"planted-{number}"))
        return tuple(found)


def rows(tellings: Sequence[Telling]) -> list[Mapping[str, Cell]]:
    """A row for each planted change."""
    return [item.row() for item in tellings]


def bars(tellings: Sequence[Telling]) -> tuple[Bar, ...]:
    """What must hold of them."""
    wrong = [item.change.name for item in tellings if not item.right]
    host = Evidence.HOST
    return (
        Bar("kinds of planted change", len(tellings), LEAST_KINDS, AT_LEAST, host),
        Bar("planted changes told wrongly", len(wrong), 0, AT_MOST, host, ", ".join(wrong)),
    )


def _told(change: PlantedChange, base: Path, place: Path) -> Telling:
    if isinstance(change.edit, Mapping):
        sound_bundle(place, **change.edit)
    else:
        varied_bundle(base, place, _kept(change))
    with open_bundle(base) as old, open_bundle(place) as new:
        return _telling(change, compare_bundles(old, new, costs=False))


def _kept(change: PlantedChange) -> Edit:
    """The edit; a picture model that is made anew keeps the version of its operator."""
    edit = change.edit
    if isinstance(edit, Mapping):
        raise TypeError("sound bundles are made, not edited")

    def kept(fields: Fields, files: Files) -> None:
        before = files.get(TINY_MODEL)
        edit(fields, files)
        remade = files.get(TINY_MODEL) != before and change.rule not in (
            "operators.raised",
            "requires.raised",
        )
        if remade and change.base == "picture":
            _operator(OPERATOR_OF_BASE)(fields, files)

    return kept


def _telling(change: PlantedChange, found: BundleDifference) -> Telling:
    named = any(item.rule == change.rule and item.where == change.field for item in found.changes)
    of_step = {item.rule for item in found.changes if item.step is found.step}
    claimed = tuple(sorted(of_step - {change.rule, *change.beside}))
    return Telling(change, named, found.step, claimed)
