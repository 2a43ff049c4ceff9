"""``fieldpack search``: the smallest flavour that keeps the budget, or why there is none."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.cli.terminal import Terminal

if TYPE_CHECKING:
    from fieldpack.search.executor import Executor
    from fieldpack.search.outcome import Judged
    from fieldpack.search.search import Found
    from fieldpack.spec import Spec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("spec", type=Path, help="pack.toml with [search]")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="bundle folder, or FILE.fieldpack"
    )
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="finished trials; default: the user's cache folder"
    )
    parser.add_argument(
        "--executor", default="local", metavar="WHERE", help="local (default), or dask://HOST:PORT"
    )
    parser.add_argument("--trials", type=int, metavar="N", help="most trials; default: the spec's")
    parser.add_argument("--mlflow", metavar="URI", help="log every trial to MLflow")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Search, build the winner, and print the trials.

    Exit code 0: a bundle that keeps the budget was written; 1: none keeps it, and nothing was written;
    3: the best is inconclusive; it was written, and says how many examples would settle it.
    """
    from fieldpack.build.pipeline import build_spec
    from fieldpack.search.job import context_of
    from fieldpack.search.search import search
    from fieldpack.search.store import TrialStore, default_store
    from fieldpack.spec import load_spec
    from fieldpack.verdict import exit_code

    spec = _with_trials(load_spec(options.spec), options.trials)
    store = TrialStore(options.store or default_store())
    executor = _executor(options.executor)
    try:
        found = search(spec, context_of(spec), executor, store, _told(options.mlflow, spec, terminal))
    finally:
        executor.close()
    for name in found.damaged:
        terminal.note(f"a damaged trial was run again: {store.folder / name}")
    document: dict[str, Any] = {"bundle": None, "digest": None, **found.as_dict()}
    text = _table(found)
    if found.best is None:
        terminal.result(document, f"{text}\n\n{_infeasible(found)}")
        return 1
    record = json.loads(json.dumps(found.as_dict()))
    built = build_spec(found.best.trial.spec, options.spec, options.out, terminal.progress, record)
    document |= {"bundle": str(built.path), "digest": built.digest}
    terminal.result(
        document, f"{text}\n\n{_winner(found)}\n\nbundle  {built.path}\ndigest  sha256:{built.digest}"
    )
    return exit_code(found.outcome)


def _with_trials(spec: Spec, trials: int | None) -> Spec:
    from fieldpack.errors import InputError

    if trials is None or spec.search is None:
        return spec
    if trials < 1:
        raise InputError("--trials is no number of trials", came=trials, allowed="1 or more")
    return spec.model_copy(update={"search": spec.search.model_copy(update={"trials": trials})})


def _executor(where: str) -> Executor:
    from fieldpack.errors import InputError
    from fieldpack.search.executor import DaskExecutor, LocalExecutor
    from fieldpack.search.job import run_trial

    if where == "local":
        return LocalExecutor(run_trial)
    if where.startswith("dask://"):
        return DaskExecutor(run_trial, where)
    raise InputError("there is no such executor", came=where, allowed="local, or dask://HOST:PORT")


def _told(uri: str | None, spec: Spec, terminal: Terminal) -> Callable[[Judged], None]:
    """What happens with each trial: one line, and a run of MLflow where that is asked for."""
    log: Callable[[Judged], None] | None = None
    if uri is not None:
        from fieldpack.search.mlflow_log import mlflow_logger

        log = mlflow_logger(uri, spec.pack.name)

    def told(judged: Judged) -> None:
        terminal.note(_line(judged))
        if log is not None:
            log(judged)

    return told


def _line(judged: Judged) -> str:
    numbers = ", ".join(f"{place.split('.')[-1]} {value:g}" for place, value in judged.trial.numbers.items())
    size = "-" if judged.size is None else f"{judged.size:,} B"
    loss = "-" if judged.loss is None else f"{judged.loss[0]} {judged.loss[1]:.4g}"
    stored = ", stored" if judged.reused else ""
    name = judged.trial.stage + (f" ({numbers})" if numbers else "")
    return f"{judged.trial.number:>3}  {name:<34} {size:>14}  {loss:<28} {judged.outcome.value}{stored}"


def _table(found: Found) -> str:
    lines = []
    for judged in found.judged:
        mark = "*" if judged in found.front else " "
        lines.append(f"{mark}{_line(judged).replace(', stored', '')}")
        if judged.reason:
            lines += [f"      {part}" for part in judged.reason.split("; ")]
    lines.append("")
    lines.append("* no other trial is both smaller and better")
    return "\n".join(lines)


def _winner(found: Found) -> str:
    best = found.best
    if best is None:
        return ""
    text = f"search: {found.outcome.value.upper()} - {best.trial.stage}, {best.size:,} bytes"
    settling = [v.settles_at for v in best.verdicts if v.settles_at]
    if settling:
        text += f"; about {max(settling):,} examples would settle it"
    chosen = len(found.judged)
    return (
        f"{text}\nchosen among {chosen} trials on the same examples: confirm it on examples that no trial saw"
    )


def _infeasible(found: Found) -> str:
    lines = [f"search: FAIL - no trial keeps the budget ({len(found.judged)} tried, ended: {found.ended})"]
    if found.binding:
        lines.append(f"binding: {', '.join(found.binding)}")
    nearest = found.nearest
    if nearest is not None:
        lines.append(f"nearest: trial {nearest.trial.number}, {nearest.trial.stage}; it would keep")
        for verdict in nearest.verdicts:
            figure = verdict.figure
            edge = figure.high if verdict.relation == "at_most" else figure.low
            edge = figure.value if edge is None else edge
            lines.append(f"  {verdict.name} {'<=' if verdict.relation == 'at_most' else '>='} {edge:g}")
    return "\n".join(lines)
