"""``export``: bundles in, a directory out that both apps load unmodified; or an error and nothing.

The directory is made beside its place, held against every rule of ``lint``, its models run on the golden
vectors, and only then moved there.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.read import open_bundle
from fieldpack.errors import ConversionError, InputError, StorageError
from fieldpack.exports.consumers import Progress, Table
from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.app_edits import (
    CONFIG_NAME,
    EDITS_NAME,
    ENV_NAME,
    config_fragment,
    edits,
    env_fragment,
)
from fieldpack.exports.inat_vision_camera.contents import Role
from fieldpack.exports.inat_vision_camera.export_notes import export_notes, size_notes
from fieldpack.exports.inat_vision_camera.golden_check import GoldenFigure, check_golden
from fieldpack.exports.inat_vision_camera.lint import LintResult, lint
from fieldpack.exports.inat_vision_camera.rule import Severity
from fieldpack.exports.inat_vision_camera.source_models import (
    SourceModel,
    find_sources,
)
from fieldpack.exports.inat_vision_camera.taxonomy_pair import (
    find_taxonomy,
    pair,
    with_thresholds,
)
from fieldpack.exports.inat_vision_camera.tflite_surgery import geo_tflite, vision_tflite
from fieldpack.taxonomy import Taxonomy
from fieldpack.verdict import Outcome

RECORD_NAME = "export.json"
NETWORK, PROGRAM = "neuralnetwork", "mlprogram"
CORE_ML_SUFFIXES = {NETWORK: ".mlmodel", PROGRAM: ".mlpackage"}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the caller decides.

    Attributes
    ----------
    version : str
        Model version that the plugin admits.
    plugin : str
        The oldest plugin that must load the directory.
    core_ml : str
        ``neuralnetwork``, one file for iOS 13 and later, or ``mlprogram``, the flavour as it is, a folder.
    flavours : tuple of str
        Flavours to take; of each kind the smallest otherwise.
    taxonomy, thresholds : Path or None
        Files that stand in for those of the bundles.
    geo_floor : float
        Smallest geo score, baked into the graph; 0 for none.
    tolerance : float
        How far both platforms' answers may lie apart; see ``answers``.
    """

    version: str = facts.DEFAULT_MODEL_VERSION
    plugin: str = facts.DEFAULT_PLUGIN
    core_ml: str = NETWORK
    flavours: tuple[str, ...] = ()
    taxonomy: Path | None = None
    thresholds: Path | None = None
    geo_floor: float = 0.0
    tolerance: float = facts.AGREEMENT


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes
    ----------
    folder : Path
        The directory.
    files : dict of str to int
        Size in bytes of each file, by its path inside.
    golden : tuple of GoldenFigure
        Each model beside the flavour that it was made of.
    notes : tuple of str
        What a reader must know.
    lint : LintResult
        Warnings and notes that remain.
    """

    folder: Path
    files: dict[str, int]
    golden: tuple[GoldenFigure, ...]
    notes: tuple[str, ...]
    lint: LintResult

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "directory": str(self.folder),
            "files": self.files,
            "golden": [figure.as_dict() for figure in self.golden],
            "notes": list(self.notes),
            "lint": self.lint.as_dict(),
        }

    def told(self) -> list[Table | str]:
        """Golden figures, notes and remaining findings, for people."""
        header = ("file", "made of", "difference", "allowed", "vectors", "evidence")
        lines: list[Table | str] = [Table(header, [_row(figure) for figure in self.golden], right=(2, 4))]
        lines += [f"note  {note}" for note in self.notes]
        lines += [
            f"{finding.rule.severity.value}  {finding.rule.id}: {finding.message}"
            for finding in self.lint.findings
        ]
        return [*lines, f"written to {self.folder}; see {EDITS_NAME} there", "lint: PASS"]


def _row(figure: GoldenFigure) -> tuple[str, ...]:
    return (
        figure.file,
        figure.flavour,
        f"{figure.difference:.2g}",
        f"<= {figure.tolerance:.2g}",
        str(figure.count),
        figure.evidence,
    )


def export(
    bundles: list[Path], target: Path, choices: Choices, progress: Progress = lambda _, __: None
) -> Exported:
    """Write a directory for the plugin.

    Parameters
    ----------
    bundles : list of Path
        A bundle of pictures, and one of places with the same labels.
    target : Path
        Where the directory goes; must not be there.
    choices : Choices
        What the caller decides.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    InputError
        The target is there, a choice is wrong, or the bundles are not those of pictures and places.
    UnsupportedError
        A model needs what the plugin does not give, or a flavour has no form that the apps load.
    ContractError
        Labels or taxonomy do not fit.
    ConversionError
        The exported files do not answer as their flavours, or break a rule; nothing was written.
    """
    _check(target, choices)
    with ExitStack() as stack:
        opened = [stack.enter_context(open_bundle(path)) for path in bundles]
        picture, place = find_sources(opened, list(choices.flavours))
        if place is None:
            raise InputError("The plugin needs a bundle of places, too", came=bundles[0], allowed="both")
        staging = Path(stack.enter_context(_staging(target))) / "made"
        staging.mkdir()  # the folder around it is open to its owner alone
        names = _names(picture, place, CORE_ML_SUFFIXES[choices.core_ml])
        taxonomy = with_thresholds(find_taxonomy(picture, choices.taxonomy), place, choices.thresholds)
        notes = export_notes(picture, place, taxonomy, choices.geo_floor)
        _write_models(staging, names, picture, place, choices, progress)
        if choices.core_ml == NETWORK:
            for role, source in ((Role.IOS_VISION, picture), (Role.IOS_GEO, place)):
                notes += size_notes(source, names[role], _inside(staging, role, names).stat().st_size)
        _write_texts(staging, names, taxonomy, notes, choices)
        progress("golden vectors", 0.6)
        golden = _golden(staging, names, picture, place, choices)
        progress("rules", 0.8)
        result = _linted(staging, choices)
        _record(staging, opened, golden, notes, result, choices)
        files = {path.relative_to(staging).as_posix(): path.stat().st_size for path in _files(staging)}
        _place(staging, target)
    return Exported(target, files, tuple(golden), tuple(notes), result)


def _check(target: Path, choices: Choices) -> None:
    if target.exists():
        raise InputError("There is something at the target already", came=target, hint="name a new directory")
    admitted = [version for version in facts.MODEL_VERSIONS if version != facts.SCALED_MODEL_VERSION]
    if choices.version not in admitted:
        raise InputError(
            "The plugin does not admit such a model version, or feeds it otherwise",
            came=choices.version,
            allowed=", ".join(admitted),
        )
    if choices.core_ml not in CORE_ML_SUFFIXES:
        raise InputError("No such form of Core ML", came=choices.core_ml, allowed=", ".join(CORE_ML_SUFFIXES))
    if not 0 <= choices.geo_floor < 1:
        raise InputError("The floor is no score", came=choices.geo_floor, allowed="0 to below 1")


def _staging(target: Path) -> tempfile.TemporaryDirectory[str]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=".fieldpack-export-", dir=target.parent)
    except OSError as error:
        raise StorageError("The target cannot be written", came=f"{target}: {error.strerror}") from error


def _names(picture: SourceModel, place: SourceModel, suffix: str) -> dict[Role, str]:
    return {
        Role.ANDROID_VISION: f"{picture.stem}.tflite",
        Role.ANDROID_GEO: f"geomodel_{place.stem}.tflite",
        Role.ANDROID_TAXONOMY: f"taxonomy_{picture.stem}.csv",
        Role.IOS_VISION: f"{picture.stem}{suffix}",
        Role.IOS_GEO: f"geomodel_{place.stem}{suffix}",
        Role.IOS_TAXONOMY: f"taxonomy_{picture.stem}.json",
    }


def _inside(staging: Path, role: Role, names: dict[Role, str]) -> Path:
    return staging / ("android" if role.is_android else "ios") / names[role]


def _write_models(
    staging: Path,
    names: dict[Role, str],
    picture: SourceModel,
    place: SourceModel,
    choices: Choices,
    progress: Progress,
) -> None:
    from fieldpack.exports.inat_vision_camera.core_ml_program import geo_program, vision_program
    from fieldpack.exports.inat_vision_camera.core_ml_surgery import geo_network, vision_network

    for folder in ("android", "ios"):
        (staging / folder).mkdir()
    vision, geo = (_inside(staging, role, names) for role in (Role.IOS_VISION, Role.IOS_GEO))
    floor = choices.geo_floor
    progress(names[Role.ANDROID_VISION], 0.0)
    _inside(staging, Role.ANDROID_VISION, names).write_bytes(vision_tflite(picture))
    _inside(staging, Role.ANDROID_GEO, names).write_bytes(geo_tflite(place, floor))
    progress(names[Role.IOS_VISION], 0.3)
    if choices.core_ml == PROGRAM:
        vision_program(picture, vision)
        geo_program(place, geo, floor)
    else:
        vision.write_bytes(vision_network(picture))
        geo.write_bytes(geo_network(place, floor))


def _write_texts(
    staging: Path, names: dict[Role, str], taxonomy: Taxonomy, notes: list[str], choices: Choices
) -> None:
    csv, rows = pair(taxonomy)
    _inside(staging, Role.ANDROID_TAXONOMY, names).write_bytes(csv)
    _inside(staging, Role.IOS_TAXONOMY, names).write_bytes(rows)
    texts = {
        ENV_NAME: env_fragment(names, choices.version),
        CONFIG_NAME: config_fragment(names),
        EDITS_NAME: edits(names, choices.version, notes),
    }
    for name, text in texts.items():
        (staging / name).write_text(text, encoding="utf-8", newline="\n")


def _golden(
    staging: Path, names: dict[Role, str], picture: SourceModel, place: SourceModel, choices: Choices
) -> list[GoldenFigure]:
    tflite, core_ml, floor = FlavourKind.TFLITE, FlavourKind.COREML, choices.geo_floor
    return [
        check_golden(picture, tflite, _inside(staging, Role.ANDROID_VISION, names)),
        check_golden(place, tflite, _inside(staging, Role.ANDROID_GEO, names), floor),
        check_golden(picture, core_ml, _inside(staging, Role.IOS_VISION, names)),
        check_golden(place, core_ml, _inside(staging, Role.IOS_GEO, names), floor),
    ]


def _linted(staging: Path, choices: Choices) -> LintResult:
    result = lint(staging, choices.plugin, choices.tolerance)
    if result.outcome is not Outcome.PASS:
        broken = [finding for finding in result.findings if finding.rule.severity is Severity.ERROR]
        lines = [f"{finding.rule.id}: {finding.file}: {finding.message}" for finding in broken]
        lines += [f"not run: {file}: {reason}" for file, reason in result.not_run.items()]
        raise ConversionError(
            "The directory would not load, or not answer alike, on both platforms; nothing was written",
            came="\n    ".join(lines),
            allowed="a directory without errors of `fieldpack lint`",
            hint=broken[0].rule.remedy if broken else None,
        )
    return result


def _record(
    staging: Path,
    opened: list[Any],
    golden: list[GoldenFigure],
    notes: list[str],
    result: LintResult,
    choices: Choices,
) -> None:
    """``export.json``: where the files come from, and what was seen of them."""
    document = {
        "for": facts.TARGET,
        "model_version": choices.version,
        "plugin": choices.plugin,
        "core_ml": choices.core_ml,
        "bundles": [
            {"name": item.manifest.name, "version": item.manifest.version, "digest": item.digest}
            for item in opened
        ],
        "files": {
            path.relative_to(staging).as_posix(): {
                "size_bytes": path.stat().st_size,
                "sha256": sha256_bytes(path.read_bytes()),
            }
            for path in _files(staging)
        },
        "golden": [figure.as_dict() for figure in golden],
        "findings": [finding.as_dict() for finding in result.findings],
        "notes": notes,
    }
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    (staging / RECORD_NAME).write_text(text, encoding="utf-8", newline="\n")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _place(staging: Path, target: Path) -> None:
    """Move what was made to its place; `staging` is left behind, empty."""
    try:
        made = staging.with_name(f"{staging.name}-done")
        shutil.copytree(staging, made)
        made.rename(target)
    except OSError as error:
        raise StorageError("The target cannot be written", came=f"{target}: {error.strerror}") from error
