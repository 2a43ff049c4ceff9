"""``fieldpack study geo-export``: does what is exported load in the app, and are faults found before?

Export: the embedded picture and place models, in both forms of Core ML, linted, run on golden vectors and
read by strict readers that were written again from the plugin's documented behaviour. Rules: one fault a rule
is planted into a directory that breaks none; each must be found.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fieldpack.bundle.read import open_bundle
from fieldpack.errors import MissingDependencyError
from fieldpack.exports.inat_vision_camera import facts, testing
from fieldpack.exports.inat_vision_camera.export import NETWORK, PROGRAM, Choices, Exported, export
from fieldpack.exports.inat_vision_camera.lint import LintResult, lint
from fieldpack.exports.inat_vision_camera.planted_faults import PLANTS
from fieldpack.exports.inat_vision_camera.rule import Severity
from fieldpack.exports.inat_vision_camera.rules import behaviour
from fieldpack.exports.inat_vision_camera.rules._rule_list import RULES, SUBJECTS
from fieldpack.spec import Spec, load_spec
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.changed_spec import with_flavours, write_spec
from fieldpack_benchmarks.packed import packed
from fieldpack_benchmarks.studies.compression_int8 import reference_cases
from fieldpack_benchmarks.study import BY_ROW, Bar, Column, Study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
Row = dict[str, Cell]
MODELS = ("vision", "planet")
FLAVOURS = ("tflite-int8", "coreml-fp16")
OLDEST_IOS = facts.IOS.partition(".")[0]
"""An ML Program is exported as it is, so it must be built for it; an older network is written anew."""
EXAMPLES, QUICK_EXAMPLES, QUICK_FAULTS = 240, 60, 8
MOST_MISSED, LEAST_FAULTS = 0, 40
SCORES_SEED, SUMS = 0, 1e-6
COLUMNS = (
    Column("part", "text", "host", "golden, readers or rules"),
    Column("case", "text", "host", "form of Core ML and file, or where rules look"),
    Column("evidence", "text", BY_ROW, "how it was run"),
    Column("vectors", "count", "host", "golden vectors that the exported file answered"),
    Column("difference", "value", BY_ROW, "largest difference of a score from the flavour's, or of a sum"),
    Column("tolerance", "value", "host", "what is allowed"),
    Column("same_first", "fraction", BY_ROW, "vectors whose best label is the source model's, at equal size"),
    Column("taxa", "count", "host", "that both readers hang into the tree"),
    Column(
        "apart", "count", "host", "taxa with another parent, rank, leaf, threshold or name in one of both"
    ),
    Column("findings", "count", "host", "of the linter in the exported directory, errors and the rest"),
    Column("rules", "count", "host", "rules that look there"),
    Column("caught", "count", "host", "whose planted fault is found"),
    Column("exact", "count", "host", "with no finding that the fault does not explain"),
    Column("clean", "count", "host", "rules that a good directory keeps"),
)


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule: the directory that breaks it, and the good one.

    Attributes
    ----------
    rule, subject : str
        Its id, and the module that holds it.
    caught : bool
        The planted fault is found.
    exact : bool
        Nothing is found beside it but what the fault breaks, too.
    clean : bool
        A directory without faults keeps the rule.
    """

    rule: str
    subject: str
    caught: bool
    exact: bool
    clean: bool


def study(quick: bool, progress: Progress) -> Study:
    """Build both models, export them, and plant the faults.

    Parameters
    ----------
    quick : bool
        Fewer examples, one form of Core ML, and each eighth fault.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    MissingDependencyError
        The reference models or the readers are not installed.
    """
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
        folder = Path(name)
        cases = reference_cases(folder, MODELS)
        if len(cases) != len(MODELS):
            raise MissingDependencyError("the reference models are not installed", hint="run from a clone")
        for case in cases:
            write_spec(smaller(load_spec(case.spec), quick), case.spec)
        bundles = [packed(case, False, folder, progress)[1] for case in cases]
        return study_of(bundles, list(PLANTS)[:: QUICK_FAULTS if quick else 1], quick, progress)


def smaller(spec: Spec, quick: bool) -> Spec:
    """The spec with one flavour of each kind, of the apps' oldest iOS, and few examples."""
    fewer = with_flavours(spec, FLAVOURS, QUICK_EXAMPLES if quick else EXAMPLES)
    flavours = tuple(
        item.model_copy(update={"minimum_ios": OLDEST_IOS}) if item.kind == "coreml" else item
        for item in fewer.flavours
    )
    return fewer.model_copy(update={"flavours": flavours})


def study_of(bundles: Sequence[Path], faults: Sequence[str], quick: bool, progress: Progress) -> Study:
    """The study with a bundle of pictures and one of places, and the rules whose faults are planted."""
    rows: list[Row] = []
    bars: list[Bar] = []
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
        folder = Path(name)
        for form in (NETWORK,) if quick else (NETWORK, PROGRAM):
            progress(f"export, {form}", 0.5)
            made = export(list(bundles), folder / form, Choices(core_ml=form))
            more = [*_golden(form, made), *_read(form, made)]
            rows += more
            bars += _export_bars(form, made, more)
        tried = list(_tried(folder, faults, progress))
    rows += _rule_rows(tried)
    bars += _rule_bars(tried, quick)
    return Study("geo-export", COLUMNS, tuple(rows), tuple(bars), quick, notes=_notes(bundles))


def _notes(bundles: Sequence[Path]) -> tuple[str, ...]:
    names = []
    for path in bundles:
        with open_bundle(path) as bundle:
            names.append(f"{bundle.manifest.name} {bundle.manifest.version}")
    return (
        f"exported: {' and '.join(names)}, for plugin {facts.DEFAULT_PLUGIN}, model version "
        + facts.DEFAULT_MODEL_VERSION,
        f"Core ML flavours are built for iOS {OLDEST_IOS}, which the apps still support",
        "Core ML files run in our interpreter, not on a phone; no app was started",
    )


def _golden(form: str, made: Exported) -> list[Row]:
    return [
        {
            "part": "golden",
            "case": f"{form}, {figure.file} beside {figure.flavour}",
            "evidence": figure.evidence,
            "vectors": figure.count,
            "difference": figure.difference,
            "tolerance": figure.tolerance,
            "same_first": None if np.isnan(figure.same_first) else figure.same_first,
        }
        for figure in made.golden
    ]


def _read(form: str, made: Exported) -> list[Row]:
    """Both taxonomies through the strict readers.

    Raises
    ------
    MissingDependencyError
        The readers are not there, as in an installed wheel.
    """
    try:
        from fieldpack.exports.inat_vision_camera.testdata import android_reader, ios_reader
    except ImportError as error:
        raise MissingDependencyError(
            "the strict readers are not installed", hint="run from a clone"
        ) from error
    (csv,), (rows,) = (made.folder / "android").glob("*.csv"), (made.folder / "ios").glob("*.json")
    android, ios = android_reader.read(csv), ios_reader.read(rows)
    one, other = android.facts(), ios.facts()
    scores = np.random.default_rng(SCORES_SEED).dirichlet(np.ones(android.model_size)).tolist()
    sums, others = android.rollup(scores), ios.rollup(scores)
    return [
        {
            "part": "readers",
            "case": f"{form}, {csv.name} and {rows.name}",
            "evidence": Evidence.HOST.value,
            "difference": max(abs(sums[key] - others.get(key, np.inf)) for key in sums),
            "tolerance": SUMS,
            "taxa": len(one),
            "apart": sum(one.get(key) != other.get(key) for key in {*one, *other}),
            "findings": len(made.lint.findings),
        }
    ]


def _export_bars(form: str, made: Exported, rows: Iterable[Row]) -> list[Bar]:
    errors = made.lint.count(Severity.ERROR) + len(made.lint.not_run)
    note = f"{len(made.lint.findings)} findings in all, over {len(RULES)} rules"
    bars = [Bar(f"{form}: linter's errors and files not run", errors, 0, AT_MOST, Evidence.REFERENCE, note)]
    for row in rows:
        evidence, case = Evidence(str(row["evidence"])), str(row["case"])
        difference, tolerance = float(str(row["difference"])), float(str(row["tolerance"]))
        if row["part"] == "golden":
            bars.append(Bar(f"golden: {case}", difference, tolerance, AT_MOST, evidence))
            continue
        bars += [
            Bar(f"{form}: taxa that the readers see apart", int(str(row["apart"])), 0, AT_MOST, evidence),
            Bar(f"{form}: the readers' sums of scores apart", difference, tolerance, AT_MOST, evidence),
        ]
    return bars


def _tried(folder: Path, faults: Sequence[str], progress: Progress) -> Iterable[Tried]:
    good = testing.write_directory(folder / "good")
    kept = {finding.rule.id for finding in lint(good).findings}
    subjects = {
        rule.id: module.__name__.rpartition(".")[2]
        for module in (*SUBJECTS, behaviour)
        for rule in module.RULES
    }
    for place, rule in enumerate(faults):
        progress(f"fault {rule}", 0.6 + 0.4 * place / len(faults))
        result = _broken(good, folder / "broken", rule)
        found = {finding.rule.id for finding in result.findings}
        exact = found == {rule, *PLANTS[rule].also}
        yield Tried(rule, subjects[rule], rule in found, exact, rule not in kept)


def _broken(good: Path, folder: Path, rule: str) -> LintResult:
    """What the linter says of the good directory with one fault in it."""
    plant = PLANTS[rule]
    shutil.copytree(good, folder)
    try:
        plant.make(folder)
        return lint(folder, plant.plugin, run=plant.runs)
    finally:
        shutil.rmtree(folder)


def _rule_rows(tried: Sequence[Tried]) -> list[Row]:
    rows: list[Row] = []
    for subject in dict.fromkeys(item.subject for item in tried):
        some = [item for item in tried if item.subject == subject]
        row: Row = {"part": "rules", "case": subject.replace("_", " "), "evidence": Evidence.HOST.value}
        counts = {name: sum(getattr(item, name) for item in some) for name in ("caught", "exact", "clean")}
        rows.append({**row, "rules": len(some), **counts})
    return rows


def _rule_bars(tried: Sequence[Tried], quick: bool) -> list[Bar]:
    missed = [item.rule for item in tried if not item.caught]
    unclean = [item.rule for item in tried if not item.clean]
    untried = sorted(set(RULES) - {item.rule for item in tried})
    caught = None if quick else len(tried) - len(missed)
    part = "only in full" if quick else ""
    return [
        Bar("planted faults caught", caught, LEAST_FAULTS, AT_LEAST, Evidence.HOST, part),
        Bar("planted faults missed", len(missed), MOST_MISSED, AT_MOST, Evidence.HOST, ", ".join(missed)),
        Bar(
            "rules without a planted fault", None if quick else len(untried), 0, AT_MOST, Evidence.HOST, part
        ),
        Bar(
            "rules that a good directory breaks", len(unclean), 0, AT_MOST, Evidence.HOST, ", ".join(unclean)
        ),
    ]
