"""``fieldpack gate``: hold a bundle against a budget, with records of targets and a committed baseline."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.cli.terminal import Terminal
from fieldpack.cli.verdicts import verdict_text

if TYPE_CHECKING:
    from fieldpack.budget import Budget
    from fieldpack.bundle.finding import Finding
    from fieldpack.bundle.read import Bundle
    from fieldpack.records.baseline import Baseline
    from fieldpack.records.record import Record
    from fieldpack.verdict_files.judged import Judged


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("bundle", type=Path, help="bundle folder or .fieldpack file")
    parser.add_argument("--budget", type=Path, metavar="FILE", help="budget file; default: the bundle's own")
    parser.add_argument(
        "--baseline", type=Path, metavar="OLD", help="file of --write-baseline, or a bundle: what was before"
    )
    parser.add_argument(
        "--records",
        type=Path,
        metavar="PATH",
        help="record file or folder; default: .fieldpack/bench if there",
    )
    parser.add_argument("--junit", type=Path, metavar="FILE", help="also write the verdicts as JUnit XML")
    parser.add_argument(
        "--sarif", type=Path, metavar="FILE", help="also write what is no pass as SARIF 2.1.0"
    )
    parser.add_argument("--summary", type=Path, metavar="FILE", help="also write Markdown for a pull request")
    parser.add_argument(
        "--write-baseline", type=Path, metavar="FILE", help="also write what this bundle is, to be committed"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the verdicts; 0 pass, 1 fail, 3 inconclusive, 4 not measured."""
    from fieldpack.bundle.read import open_bundle
    from fieldpack.bundle.verify import check_structure
    from fieldpack.verdict import exit_code

    findings = check_structure(options.bundle)
    if findings:
        return _altered(options.bundle, findings, terminal)
    with open_bundle(options.bundle) as bundle:
        judged = _judge(options, bundle)
        _write_files(options, judged)
    document = {
        "bundle": judged.name,
        "version": judged.version,
        "digest": judged.digest,
        "outcome": judged.outcome.value,
        "verdicts": [verdict.as_dict() for verdict in judged.verdicts],
    }
    terminal.result(document, f"{judged.name} {judged.version}\n\n{verdict_text(judged.verdicts)}")
    return exit_code(judged.outcome)


def _altered(path: Path, findings: Sequence[Finding], terminal: Terminal) -> int:
    listed = [{"code": str(item.code), "path": item.path, "message": item.message} for item in findings]
    lines = [f"{item['code']}  {item['path']}  {item['message']}" for item in listed]
    document = {"bundle": str(path), "outcome": "fail", "findings": listed}
    terminal.result(document, "\n".join([*lines, "", "verdict: FAIL - the bundle was altered"]))
    return 1


def _judge(options: argparse.Namespace, bundle: Bundle) -> Judged:
    from fieldpack import gate
    from fieldpack.budget import load_budget
    from fieldpack.records.baseline import baseline_of, check_same_model, read_baseline, write_baseline
    from fieldpack.verdict_files.judged import Judged

    manifest, records = bundle.manifest, _records(options.records)
    budget = load_budget(options.budget) if options.budget else manifest.budget
    baseline = read_baseline(options.baseline, records) if options.baseline else None
    if baseline is not None:
        check_same_model(baseline, manifest.name)
    evidence = _evidence(bundle, budget, bool(options.budget), records, baseline)
    verdicts = gate.hold(budget, manifest.flavours, evidence)
    wanted = options.write_baseline is not None or (options.summary is not None and baseline is not None)
    now = baseline_of(bundle, records) if wanted else None
    if options.write_baseline is not None and now is not None:
        write_baseline(options.write_baseline, now)
    return Judged(
        manifest.name,
        manifest.version,
        bundle.digest,
        _place(options.budget, options.bundle),
        gate.outcome_of(verdicts),
        verdicts,
        now,
        baseline,
        _history(manifest.name, records),
        options.budget.read_text(encoding="utf-8") if options.budget else "",
    )


def _place(budget: Path | None, bundle: Path) -> Path:
    """The file that states the limits: the budget, or the bundle, for a folder its manifest."""
    from fieldpack.bundle.paths import MANIFEST_NAME

    if budget is not None:
        return budget
    return bundle / MANIFEST_NAME if bundle.is_dir() else bundle


def _records(path: Path | None) -> tuple[Record, ...]:
    from fieldpack.records.store import FOLDER, read

    if path is None:
        return read(FOLDER) if FOLDER.is_dir() else ()
    return read(path)


def _evidence(
    bundle: Bundle, budget: Budget, other_budget: bool, records: Sequence[Record], baseline: Baseline | None
) -> dict[str, Any]:
    from fieldpack.records.held import with_baseline, with_records
    from fieldpack.shipped import beside_shipped

    evidence = json.loads(bundle.read(bundle.manifest.evidence))
    if other_budget:
        evidence = beside_shipped(budget, bundle, evidence)
    evidence = with_records(evidence, bundle.manifest.flavours, records)
    return evidence if baseline is None else with_baseline(evidence, budget, bundle, baseline)


def _history(name: str, records: Sequence[Record]) -> dict[str, dict[str, list[float]]]:
    """Flavour -> figure -> its values over the records of a bundle's versions, oldest first."""
    found: dict[str, dict[str, list[float]]] = {}
    for record in records:
        if record.bundle.name == name and record.instructions is not None:
            figures = found.setdefault(record.flavour.name, {})
            figures.setdefault(f"instructions.{record.target}", []).append(record.instructions)
    return found


def _write_files(options: argparse.Namespace, judged: Judged) -> None:
    from fieldpack.placement import place_file
    from fieldpack.verdict_files.junit import as_junit
    from fieldpack.verdict_files.sarif import as_sarif
    from fieldpack.verdict_files.summary import as_markdown

    writers: dict[str, Callable[[], str]] = {
        "junit": lambda: as_junit(judged),
        "sarif": lambda: json.dumps(as_sarif(judged), indent=1) + "\n",
        "summary": lambda: as_markdown(judged),
    }
    asked = {name: path for name in writers if (path := getattr(options, name)) is not None}
    texts = {name: writers[name]() for name in asked}
    for name, path in asked.items():
        place_file(path, texts[name], f"the file of --{name}")
