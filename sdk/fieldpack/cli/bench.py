"""``fieldpack bench``: run bundles on targets, keep the records, compare them.

What runs is found through the entry points ``fieldpack.bench``, so that the sdk does not import the package
of benchmarks.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from fieldpack.cli.tasks import add_task
from fieldpack.cli.terminal import Terminal, table

GROUP = "fieldpack.bench"
RECORDS = Path(".fieldpack") / "bench"
EXAMPLES = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    run_ = add_task(actions, "run", "run a bundle on targets and keep a record of each")
    run_.add_argument("bundle", type=Path, help="bundle folder or .fieldpack file")
    run_.add_argument(
        "--on", dest="targets", action="append", default=[], metavar="TARGET",
        help="host, web (headless Chromium here), adb:SERIAL, ssh:USER@HOST:PORT, qemu-arm64:CPU, callgrind "
        "(valgrind here); again for more; default: host",
    )  # fmt: skip
    run_.add_argument(
        "--flavour", action="append", default=[], metavar="NAME", help="only this; again for more"
    )
    run_.add_argument(
        "--mode", choices=("quick", "full", "sustained"), default="quick",
        help="how long to sample; sustained: minutes without a pause, to see what heat does",
    )  # fmt: skip
    run_.add_argument("--minutes", type=float, metavar="N", help="of sustained mode, each flavour; default 5")
    run_.add_argument(
        "--examples", type=int, metavar="N", help=f"golden vectors to compare; default {EXAMPLES}"
    )
    run_.add_argument("--records", type=Path, metavar="DIR", help=f"default: {RECORDS}")
    run_.add_argument(
        "--against", type=Path, metavar="OLD",
        help="compare with another bundle, in pairs of runs in turn: 40, or 100 longer ones with --mode full",
    )  # fmt: skip
    compare = add_task(actions, "compare", "compare the records of two files or folders")
    compare.add_argument("old", type=Path)
    compare.add_argument("new", type=Path)

    trend = add_task(actions, "trend", "draw how figures went over the records of one bundle")
    trend.add_argument(
        "path", type=Path, nargs="?", default=RECORDS, help=f"file or folder; default: {RECORDS}"
    )
    trend.add_argument("--out", type=Path, required=True, metavar="FILE.svg")
    project = add_task(actions, "project", "write the project that checks and times a bundle on a phone")
    project.add_argument("bundle", type=Path, help="bundle folder or .fieldpack file")
    project.add_argument("--for", dest="kind", choices=("android", "ios"), required=True)
    project.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="a folder that is not there yet"
    )
    brought = add_task(actions, "import", "take the result file of a phone into the records")
    brought.add_argument("bundle", type=Path, help="the bundle that the project was written from")
    brought.add_argument("file", type=Path, help="fieldpack-phone.jsonl, fetched from the phone")
    brought.add_argument("--target", required=True, metavar="TARGET", help="adb:SERIAL or ios:UDID")
    brought.add_argument("--records", type=Path, default=RECORDS, metavar="DIR", help=f"default: {RECORDS}")
    _add_estimates(actions)


def _add_estimates(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = add_task(actions, "table", "fit a table of latency by operator to the records of one target")
    made.add_argument("records", type=Path, help="file or folder")
    made.add_argument(
        "--models",
        type=Path,
        nargs="+",
        required=True,
        metavar="FILE",
        help=".tflite files, or their folders",
    )
    made.add_argument("--target", metavar="TARGET", help="where the records are of several")
    made.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    told = add_task(actions, "estimate", "tell a file's latency by a table, without running it")
    told.add_argument("model", type=Path, help="a .tflite file")
    told.add_argument("--table", type=Path, required=True, metavar="FILE.json")
    told.add_argument("--target", metavar="TARGET", help="refuse a table of another target")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the table; 0, 1 where something failed or is slower, 4 where something was not run."""
    found = ACTIONS[options.action](options, terminal)
    lines = [table(found.header, found.rows), *([""] if found.lines else []), *found.lines]
    terminal.result(found.document, "\n".join(lines))
    code: int = found.exit_code
    return code


def _run(options: argparse.Namespace, terminal: Terminal) -> Any:
    targets = options.targets or ["host"]
    if options.against is not None:
        _check_pairs(options)
        return _command("against")(
            options.bundle, options.against, targets, options.flavour, _progress(terminal), options.mode,
            options.minutes,
        )  # fmt: skip
    examples = EXAMPLES if options.examples is None else options.examples
    return _command("run")(
        options.bundle, targets, options.flavour, options.mode, examples, options.records or RECORDS,
        _progress(terminal), options.minutes,
    )  # fmt: skip


def _check_pairs(options: argparse.Namespace) -> None:
    """Refuse what a comparison in pairs has no use for."""
    from fieldpack.errors import InputError

    given = [f"--{name}" for name in ("examples", "records") if getattr(options, name) is not None]
    if given:
        raise InputError(
            "--against compares times alone, and keeps no record", came=" ".join(given),
            allowed="--on, --flavour, --mode quick or full", hint="leave it out, or bench each by itself",
        )  # fmt: skip


ACTIONS: dict[str, Callable[[argparse.Namespace, Terminal], Any]] = {
    "run": _run,
    "compare": lambda options, _: _command("compare")(options.old, options.new),
    "trend": lambda options, _: _command("trend")(options.path, options.out),
    "project": lambda options, _: _command("project")(options.bundle, options.kind, options.out),
    "import": lambda options, _: _command("import")(
        options.bundle, options.file, options.target, options.records
    ),
    "table": lambda options, _: _command("table")(
        options.records, options.models, options.target, options.out
    ),
    "estimate": lambda options, _: _command("estimate")(options.model, options.table, options.target),
}


def _progress(terminal: Terminal) -> Any:
    return lambda stage, fraction: terminal.progress("bench", stage, fraction)


def _command(name: str) -> Any:
    from fieldpack.errors import MissingDependencyError

    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        raise MissingDependencyError("the benchmarks are not installed", hint="pip install -e . in a clone")
    return found[name].load()
