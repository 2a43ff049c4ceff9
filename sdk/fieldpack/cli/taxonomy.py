"""``fieldpack taxonomy``: check, convert and compare taxonomy files, and release a bundle with a new one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.cli.tasks import add_task
from fieldpack.cli.terminal import Terminal

if TYPE_CHECKING:
    from fieldpack.taxonomy import Taxonomy

FORMS = ("plain", "inaturalist-csv", "inaturalist-json", "speciesnet", "birdnet", "birdnet-csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    tasks = parser.add_subparsers(dest="task", metavar="TASK", required=True)
    check = add_task(tasks, "check", "list everything that is wrong with a file, with its line")
    check.add_argument("file", type=Path, help="taxonomy file")
    check.add_argument("--outputs", type=_count, metavar="N", help="how many outputs the model has")
    check.add_argument("--form", choices=FORMS, help="form of the file; default: by its first line")
    convert = add_task(tasks, "convert", "write a taxonomy in another form")
    convert.add_argument("file", type=Path, help="taxonomy file")
    convert.add_argument("--form", choices=FORMS, help="form of the file; default: by its first line")
    convert.add_argument("--to", choices=FORMS, required=True, help="form that is written")
    convert.add_argument("--out", type=Path, required=True, metavar="FILE", help="where it goes")
    convert.add_argument("--thresholds", type=Path, metavar="FILE", help="thresholds by taxon id to take in")
    convert.add_argument("--threshold-type", metavar="TYPE", help="which of a file with several types")
    diff = add_task(tasks, "diff", "say what changed between two versions")
    diff.add_argument("old", type=Path, help="taxonomy file")
    diff.add_argument("new", type=Path, help="taxonomy file")
    diff.add_argument("--synonyms", type=Path, metavar="FILE", help="ids that were replaced")
    release = add_task(tasks, "release", "write a bundle again with the same weights and a new taxonomy")
    release.add_argument("bundle", type=Path, help="bundle folder or .fieldpack file")
    release.add_argument("--taxonomy", type=Path, required=True, metavar="FILE", help="the new one")
    release.add_argument("--version", required=True, help="version of the new bundle, MAJOR.MINOR.PATCH")
    release.add_argument("--out", type=Path, required=True, metavar="BUNDLE", help="where it goes")
    release.add_argument("--synonyms", type=Path, metavar="FILE", help="ids that were replaced")
    release.add_argument("--output", metavar="NAME", help="whose taxonomy; needed when several have one")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Run one task; `check` gives 0 for a good file and 1 for any fault."""
    tasks = {"check": _check, "convert": _convert, "diff": _diff, "release": _release}
    return tasks[options.task](options, terminal)


def _check(options: argparse.Namespace, terminal: Terminal) -> int:
    from fieldpack.taxonomy import Form, find_faults
    from fieldpack.taxonomy.forms import form_of, taxonomy_bytes

    data = taxonomy_bytes(options.file)
    form = Form(options.form) if options.form else form_of(data)
    taxonomy, faults = find_faults(data, form, options.outputs)
    errors = sum(not fault.hazard for fault in faults)
    facts = {} if taxonomy is None else {"taxa": len(taxonomy.taxa), "leaves": len(taxonomy.leaves)}
    document = {
        "file": str(options.file),
        "form": form.value,
        **facts,
        "faults": [fault.as_dict() for fault in faults],
    }
    lines = [f"{'hazard' if fault.hazard else 'fault':<6}  {fault}" for fault in faults]
    found = ", ".join(f"{count} {what}" for what, count in facts.items()) or "cannot be read"
    last = f"{options.file} ({form.value}): {found}; {errors} faults, {len(faults) - errors} hazards"
    terminal.result(document, "\n".join([*lines, last]))
    return 1 if faults else 0


def _convert(options: argparse.Namespace, terminal: Terminal) -> int:
    from fieldpack.taxonomy import Form, write_taxonomy
    from fieldpack.taxonomy.forms import losses
    from fieldpack.taxonomy.thresholds import read_thresholds

    taxonomy = _read(options.file, terminal, options.form)
    if options.thresholds is not None:
        taxonomy = taxonomy.with_thresholds(read_thresholds(options.thresholds, options.threshold_type))
    form = Form(options.to)
    data, lost = write_taxonomy(taxonomy, form), losses(taxonomy, form)
    _write(options.out, data)
    document = {"file": str(options.out), "form": form.value, "taxa": len(taxonomy.taxa), "lost": list(lost)}
    text = [f"{len(taxonomy.taxa)} taxa are in {options.out} ({form.value})"]
    terminal.result(document, "\n".join([*text, *(f"left out: {item}" for item in lost)]))
    return 0


def _diff(options: argparse.Namespace, terminal: Terminal) -> int:
    from fieldpack.taxonomy.difference import difference

    old, new = _read(options.old, terminal), _read(options.new, terminal)
    found = difference(old, new, _synonyms(options.synonyms))
    terminal.result(found.as_dict(), found.text())
    return 0


def _release(options: argparse.Namespace, terminal: Terminal) -> int:
    from fieldpack.taxonomy.release import release_taxonomy
    from fieldpack.verdict import Outcome
    from fieldpack.verification import verify

    released = release_taxonomy(
        options.bundle,
        _read(options.taxonomy, terminal),
        options.version,
        options.out,
        synonyms=_synonyms(options.synonyms),
        output=options.output,
    )
    verification = verify(options.out, lambda stage, done: terminal.progress("verify", stage, done))
    document = {
        "bundle": str(options.out),
        "version": released.version,
        "digest": released.digest,
        "relabelled": released.relabelled,
        "rewritten": list(released.rewritten),
        "golden": [check.as_dict() for check in verification.golden],
        "outcome": verification.outcome.value,
        "difference": released.difference.as_dict(),
    }
    lines = [
        f"{options.out}: version {released.version}, sha256:{released.digest}",
        f"written anew: {', '.join(released.rewritten) or 'no file'}; {released.relabelled} labels changed",
        f"golden vectors: {verification.outcome.value}",
        released.difference.text(),
    ]
    terminal.result(document, "\n".join(lines))
    return 1 if verification.outcome is Outcome.FAIL else 0


def _read(path: Path, terminal: Terminal, form: str | None = None) -> Taxonomy:
    """Read a taxonomy, and say how many hazards its file holds."""
    from fieldpack.taxonomy import Form, find_faults
    from fieldpack.taxonomy.faults import refuse
    from fieldpack.taxonomy.forms import parse_taxonomy, taxonomy_bytes

    data = taxonomy_bytes(path)
    chosen = Form(form) if form else None
    taxonomy, faults = find_faults(data, chosen)
    refuse(str(path), faults)
    if faults:
        terminal.note(f"warning: {path} has {len(faults)} hazard(s); see `fieldpack taxonomy check {path}`")
    return taxonomy or parse_taxonomy(data, str(path), chosen)


def _synonyms(path: Path | None) -> dict[str, str]:
    from fieldpack.taxonomy.synonyms import one_to_one, read_synonyms

    return {} if path is None else dict(one_to_one(read_synonyms(path)))


def _write(path: Path, data: bytes) -> None:
    from fieldpack.errors import StorageError

    try:
        path.write_bytes(data)
    except OSError as error:
        raise StorageError("the taxonomy cannot be written", came=f"{path}: {error.strerror}") from error


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value
