"""Verdicts as Markdown, for the comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fieldpack.records.baseline import Baseline, BaselineFlavour
from fieldpack.verdict import SEVERITY, Outcome, Verdict
from fieldpack.verdict_files.judged import Judged
from fieldpack.verdict_files.words import bounds, limit_text, number

MARK = {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.INCONCLUSIVE: "❔", Outcome.NOT_RUN: "⛔"}
BLOCKS = "▁▂▃▄▅▆▇█"
MOST_LAYERS = 10


def as_markdown(judged: Judged) -> str:
    """The summary: outcome, verdicts with the worst first, sizes by layer, and how figures went."""
    parts = [
        f"## {MARK[judged.outcome]} {judged.name} {judged.version}: {judged.outcome.value}",
        f"`{judged.digest[:16]}`" + _beside(judged.baseline),
        _verdicts(judged.verdicts),
        *_sizes(judged.now, judged.baseline),
        *_history(judged),
    ]
    return "\n\n".join(parts) + "\n"


def sparkline(values: Sequence[float]) -> str:
    """One block a value, the least lowest; a row of equal values is flat."""
    least, most = min(values), max(values)
    step = (most - least) / (len(BLOCKS) - 1) or 1.0
    return "".join(BLOCKS[round((value - least) / step)] for value in values)


def _beside(baseline: Baseline | None) -> str:
    if baseline is None:
        return ""
    return f", beside {baseline.bundle.version} `{baseline.bundle.digest[:16]}`"


def _verdicts(verdicts: Sequence[Verdict]) -> str:
    worst_first = sorted(verdicts, key=lambda item: -SEVERITY.index(item.outcome))
    rows = [
        (
            f"{MARK[item.outcome]} {item.outcome.value}",
            item.subject,
            f"`{item.name}`",
            number(item.figure.value, item.figure.unit),
            bounds(item.figure),
            limit_text(item),
            item.figure.evidence.value,
            "" if item.outcome is Outcome.PASS else item.reason,
        )
        for item in worst_first
    ]
    return _table(("verdict", "flavour", "limit", "figure", "bounds", "allowed", "evidence", "why"), rows)


def _sizes(now: Baseline | None, before: Baseline | None) -> list[str]:
    if now is None or before is None:
        return []
    found = []
    for name, flavour in now.flavours.items():
        then = before.flavours.get(name)
        if then is None:
            found.append(f"**{name}** is new: {flavour.installed_bytes:,} B.")
            continue
        found.append(
            f"**{name}**: {flavour.installed_bytes:,} B installed "
            f"({_change(flavour.installed_bytes, then.installed_bytes)}), {flavour.download_bytes:,} B "
            f"downloaded ({_change(flavour.download_bytes, then.download_bytes)})"
        )
        found.append(_layers(flavour, then))
    gone = sorted(set(before.flavours) - set(now.flavours))
    return [*(part for part in found if part), *([f"No longer there: {', '.join(gone)}."] if gone else [])]


def _layers(now: BaselineFlavour, then: BaselineFlavour) -> str:
    names = {**then.layers, **now.layers}
    moved = [name for name in names if now.layers.get(name, 0) != then.layers.get(name, 0)]
    moved.sort(key=lambda name: -abs(now.layers.get(name, 0) - then.layers.get(name, 0)))
    rows = [
        (f"`{name}`", f"{then.layers.get(name, 0):,}", f"{now.layers.get(name, 0):,}",
         _change(now.layers.get(name, 0), then.layers.get(name, 0)))
        for name in moved[:MOST_LAYERS]
    ]  # fmt: skip
    if not rows:
        return ""
    more = len(moved) - MOST_LAYERS
    rest = f"\n\nand {more} more layers" if more > 0 else ""
    return _table(("layer", "bytes before", "now", "change"), rows) + rest


def _history(judged: Judged) -> list[str]:
    rows = [
        (flavour, f"`{name}`", f"`{sparkline(values)}`", f"{values[-1]:,.6g}")
        for flavour, figures in judged.history.items()
        for name, values in figures.items()
        if len(values) > 1
    ]
    return [_table(("flavour", "figure", "over the records", "now"), rows)] if rows else []


def _change(now: float, then: float) -> str:
    if then == 0:
        return "new"
    return "same" if now == then else f"{100 * (now - then) / then:+.2f} %"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
