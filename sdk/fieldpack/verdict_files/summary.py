"""Verdicts as Markdown, for the summary of a job and the comment on a pull request.

GitHub drops a job's summary above 1,024 KiB whole and refuses a comment above 65,536 characters; what is
written here stays below the smaller of the two, with the worst verdicts first.
"""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.records.baseline import Baseline, BaselineFlavour
from fieldpack.verdict import SEVERITY, Outcome, Verdict
from fieldpack.verdict_files.judged import Judged
from fieldpack.verdict_files.markdown import code, plain, table, unbroken
from fieldpack.verdict_files.words import bounds, limit_text, number

MARK = {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.INCONCLUSIVE: "❔", Outcome.NOT_RUN: "⛔"}
BLOCKS = "▁▂▃▄▅▆▇█"
MOST_LAYERS, MOST_REASONS = 10, 40
MOST_VALUES = 60
"""Blocks of a sparkline: the last ones."""
LONGEST = 65_000
"""Bytes of a whole summary."""
VERDICTS = 35_000
"""Bytes of its verdicts."""


def as_markdown(judged: Judged) -> str:
    """The summary: outcome, verdicts with the worst first, sizes by layer, and how figures went."""
    worst_first = sorted(judged.verdicts, key=lambda item: -SEVERITY.index(item.outcome))
    text = (
        f"## {MARK[judged.outcome]} {plain(judged.name)} {plain(judged.version)}: {judged.outcome.value}\n\n"
    )
    text += f"{code(judged.digest[:16])}{_beside(judged.baseline)}\n\n{_verdicts(worst_first)}\n"
    parts = [*_reasons(worst_first), *_history(judged), *_sizes(judged.now, judged.baseline)]
    for place, part in enumerate(parts):
        if len(f"{text}\n{part}\n".encode()) > LONGEST:
            return f"{text}\n{len(parts) - place} parts more, which a comment has no room for\n"
        text += f"\n{part}\n"
    return text


def sparkline(values: Sequence[float], reach: float = 0.0) -> str:
    """One block a value of the last ones, the least lowest; the top is `reach` above it at least."""
    values = values[-MOST_VALUES:]
    least, most = min(values), max(*values, min(values) + reach)
    step = (most - least) / (len(BLOCKS) - 1) or 1.0
    return "".join(BLOCKS[round((value - least) / step)] for value in values)


def _beside(baseline: Baseline | None) -> str:
    if baseline is None:
        return ""
    return f", beside {plain(baseline.bundle.version)} {code(baseline.bundle.digest[:16])}"


def _verdicts(verdicts: Sequence[Verdict]) -> str:
    rows = [
        (
            f"{MARK[item.outcome]}\u00a0{item.outcome.value}",
            code(item.subject),
            code(item.name),
            unbroken(number(item.figure.value, item.figure.unit)),
            unbroken(bounds(item.figure)),
            unbroken(limit_text(item)),
            item.figure.evidence.value,
        )
        for item in verdicts
    ]
    header = ("verdict", "flavour", "limit", "figure", "bounds", "allowed", "evidence")
    return table(header, rows, header[3:6], VERDICTS)


def _reasons(verdicts: Sequence[Verdict]) -> list[str]:
    """Why what is no pass is none; flavours with one reason share a line."""
    concerned: dict[tuple[str, str], list[str]] = {}
    for item in verdicts:
        if item.outcome is not Outcome.PASS:
            concerned.setdefault((item.name, item.reason), []).append(item.subject)
    lines = []
    for (name, reason), subjects in concerned.items():
        limit = "" if reason.startswith(name) else f"{code(name)}: "
        lines.append(f"- {', '.join(map(code, subjects))}: {limit}{plain(reason)}")
    rest = [f"- and {len(lines) - MOST_REASONS} more"] if len(lines) > MOST_REASONS else []
    return ["\n".join([*lines[:MOST_REASONS], *rest])] if lines else []


def _sizes(now: Baseline | None, before: Baseline | None) -> list[str]:
    if now is None or before is None:
        return []
    found = []
    for name, flavour in now.flavours.items():
        then = before.flavours.get(name)
        if then is None:
            found.append(f"{code(name)} is new: {flavour.installed_bytes:,} B.")
            continue
        sizes = (
            f"{code(name)}: {flavour.installed_bytes:,} B installed "
            f"({_change(flavour.installed_bytes, then.installed_bytes)}), {flavour.download_bytes:,} B "
            f"downloaded ({_change(flavour.download_bytes, then.download_bytes)})"
        )
        layers = _layers(flavour, then)
        found.append(f"{sizes}\n\n{layers}" if layers else sizes)
    gone = sorted(set(before.flavours) - set(now.flavours))
    return [*found, *([f"No longer there: {', '.join(map(code, gone))}."] if gone else [])]


def _layers(now: BaselineFlavour, then: BaselineFlavour) -> str:
    names = {**then.layers, **now.layers}
    moved = [name for name in names if now.layers.get(name, 0) != then.layers.get(name, 0)]
    if not moved:
        return ""
    moved.sort(key=lambda name: -abs(now.layers.get(name, 0) - then.layers.get(name, 0)))
    rows = [
        (code(name), f"{then.layers.get(name, 0):,}", f"{now.layers.get(name, 0):,}",
         _change(now.layers.get(name, 0), then.layers.get(name, 0)))
        for name in moved[:MOST_LAYERS]
    ]  # fmt: skip
    more = len(moved) - MOST_LAYERS
    rest = f"\n\nand {more} more layers" if more > 0 else ""
    header = ("layer", "bytes before", "now", "change")
    return table(header, rows, header[1:]) + rest


def _history(judged: Judged) -> list[str]:
    rows = [
        (code(flavour), code(name), f"`{sparkline(values)}`", number(values[-1], "count"))
        for flavour, figures in judged.history.items()
        for name, values in figures.items()
        if len(values) > 1
    ]
    header = ("flavour", "figure", "over the records", "now")
    return [table(header, rows, header[3:])] if rows else []


def _change(now: float, then: float) -> str:
    if then == 0:
        return "new"
    return "same" if now == then else f"{100 * (now - then) / then:+.2f}\u00a0%"
