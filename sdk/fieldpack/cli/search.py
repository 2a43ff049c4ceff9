"""``fieldpack search``: the smallest flavour that keeps the budget, or why there is none."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.cli.terminal import Terminal

if TYPE_CHECKING:
    from fieldpack.search.estimated import Estimated, Estimator
    from fieldpack.search.executor import Executor
    from fieldpack.search.outcome import Judged
    from fieldpack.search.search import Found
    from fieldpack.search.winner import Winner
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

    Exit code 0: a bundle that keeps the budget was written; 1: none keeps it, or the best failed on the
    examples of ``[data.confirm]``, and nothing was written; 3: the best is inconclusive; it was written,
    and says how many examples would settle it; 4: the best was written, and a limit on latency wants a run
    on its target; or trials that an estimate calls too slow were not measured, and no other keeps the budget.
    """
    from fieldpack.build.kept import Kept
    from fieldpack.search.job import context_of
    from fieldpack.search.search import search
    from fieldpack.search.store import TrialStore, default_store
    from fieldpack.search.trial import choice_of
    from fieldpack.search.winner import build_winner
    from fieldpack.spec import load_spec
    from fieldpack.verdict import exit_code

    spec = _with_trials(load_spec(options.spec), options.trials)
    store = TrialStore((options.store or default_store()).resolve())
    kept = Kept(store.folder / "kept")
    executor = _executor(options.executor, kept.root)
    try:
        found = search(spec, context_of(spec), executor, store, _told(options.mlflow, spec, terminal))
    finally:
        executor.close()
    for name in found.damaged:
        terminal.note(f"a damaged trial was run again: {store.folder / name}")
    document: dict[str, Any] = {"bundle": None, "digest": None, "confirmed": None, **found.as_dict()}
    text = _table(found)
    if found.best is None:
        terminal.result(document, f"{text}\n\n{_infeasible(found)}")
        return exit_code(found.outcome)
    choice = choice_of(found.best.trial, found.best.result, options.spec.resolve().parent)
    record = {**found.as_dict(), "choice": choice}
    before = found.best.result.evidence
    winner = build_winner(spec, options.spec, options.out, record, terminal.progress, kept, before=before)
    if winner.confirmed is not None:
        document["confirmed"] = winner.confirmed.as_dict()
    document["outcome"] = winner.outcome.value
    if winner.built is not None:
        document |= {"bundle": str(winner.built.path), "digest": winner.built.digest}
    terminal.result(document, f"{text}\n\n{_winner(found, winner)}")
    return exit_code(winner.outcome)


def _with_trials(spec: Spec, trials: int | None) -> Spec:
    from fieldpack.errors import InputError

    if trials is None or spec.search is None:
        return spec
    if trials < 1:
        raise InputError("--trials is no number of trials", came=trials, allowed="1 or more")
    return spec.model_copy(update={"search": spec.search.model_copy(update={"trials": trials})})


def _executor(where: str, kept: Path) -> Executor:
    from fieldpack.errors import InputError
    from fieldpack.search.executor import DaskExecutor, LocalExecutor
    from fieldpack.search.job import run_trial

    function = partial(run_trial, kept=str(kept))
    if where == "local":
        return LocalExecutor(function)
    if where.startswith("dask://"):
        return DaskExecutor(function, where)
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
    told = "" if judged.estimated is None else f"{_milliseconds(judged.estimated):>10}  "
    return f"{judged.trial.number:>3}  {name:<34} {size:>14}  {told}{loss:<28} {judged.outcome.value}{stored}"


def _milliseconds(told: Estimated) -> str:
    return "~ ?" if told.figure.value is None else f"~{told.figure.value:.3g} ms"


def _table(found: Found) -> str:
    lines = []
    for judged in found.judged:
        mark = "*" if judged in found.front else " "
        lines.append(f"{mark}{_line(judged).replace(', stored', '')}")
        if judged.reason:
            lines += [f"      {part}" for part in judged.reason.split("; ")]
    for lack in dict.fromkeys(found.skipped.values()):
        names = [name for name, missing in found.skipped.items() if missing == lack]
        lines.append(f"     left out for want of {lack}: {', '.join(names)}")
    lines.append("")
    if found.estimator is None:
        lines.append("* no other trial is both smaller and better")
    else:
        lines.append("* no other trial is smaller, better and faster by estimate")
        lines.append(_table_told(found.estimator))
    return "\n".join(lines)


def _table_told(estimator: Estimator) -> str:
    most = "" if estimator.limit is None else f", at most {estimator.limit:.4g} ms wanted"
    return f"~ estimated on {estimator.table.target}{most}; it decides no verdict. {estimator.table.error}"


def _winner(found: Found, winner: Winner) -> str:
    best = found.best
    if best is None:
        return ""
    lines = [
        f"search: {found.outcome.value.upper()} - {best.trial.stage}, {best.size:,} bytes{_settles(best)}"
    ]
    confirmed = winner.confirmed
    if confirmed is None:
        lines.append(
            f"chosen among {len(found.judged)} trials on the same examples, partly by luck: name others in "
            "[data.confirm]"
        )
    else:
        lines.append(f"on {confirmed.items:,} examples that no trial saw: {confirmed.outcome.value.upper()}")
        lines += [f"  {verdict.reason}" for verdict in confirmed.verdicts]
    if best.estimated is not None:
        lines.append(best.estimated.words)
    if winner.built is None:
        return "\n".join([*lines, "no bundle is written"])
    if winner.built.outcome is not best.outcome:
        lines.append(
            f"built again it is {winner.built.outcome.value}: training does not repeat to the bit here"
        )
    lines += ["", f"bundle  {winner.built.path}", f"digest  sha256:{winner.built.digest}"]
    if best.estimated is not None and len(best.held) < len(best.verdicts):
        lines.append(_run_it(best.estimated, winner.built.path))
    return "\n".join(lines)


def _run_it(told: Estimated, bundle: Path) -> str:
    target = told.name.partition(".")[2]
    return f"next    fieldpack bench run {bundle} --on {target}; an estimate settles no limit"


def _settles(best: Judged) -> str:
    counts = [verdict.settles_at for verdict in best.verdicts if verdict.settles_at]
    return f"; about {max(counts):,} examples would settle it" if counts else ""


def _infeasible(found: Found) -> str:
    from fieldpack.search.outcome import needed_limits, number

    whole = found.outcome.value.upper()
    lines = [
        f"search: {whole} - no trial keeps the budget ({len(found.judged)} tried, ended by: {found.ended})"
    ]
    if found.unmeasured:
        lines.append(
            f"{len(found.unmeasured)} were not measured, since an estimate calls them too slow; that decides "
            "nothing: loosen latency_ms of [search.estimate], or leave its table out"
        )
    together = " (each is kept by some trial, together by none)" if found.together else ""
    if found.binding:
        lines.append(f"binding: {', '.join(found.binding)}{together}")
    nearest = found.nearest
    broken = sum(not item.result.status.lasting for item in found.judged)
    if broken:
        lines.append(f"{broken} ended by a crash or a full memory; begun again, the search runs them again")
    if nearest is None:
        return "\n".join([*lines, "no trial finished"])
    lines.append(f"nearest: trial {nearest.trial.number}, {nearest.trial.stage}; it keeps the budget with")
    needed = needed_limits(nearest)
    for verdict in nearest.verdicts:
        if verdict.name in needed:
            sign = "<=" if verdict.relation == "at_most" else ">="
            unit = verdict.figure.unit
            wanted = needed[verdict.name]
            wanted = wanted if unit == "bytes" else _loosened(wanted, verdict.relation)
            limits = f"{number(wanted, unit)} instead of {number(verdict.limit, unit)}"
            lines.append(f"  {verdict.name} {sign} {limits}")
    return "\n".join(lines)


def _loosened(value: float, relation: str) -> float:
    """A limit with four digits that the value keeps, not the nearest one."""
    if value == 0 or not math.isfinite(value):
        return value
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 3)
    return (math.ceil if relation == "at_most" else math.floor)(value / step) * step
