"""Records as a table, for a terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from fieldpack.records.record import Record, RunOutcome
from fieldpack_benchmarks.bench.curves import knee_words

HEADER = (
    "flavour", "target", "evidence", "instructions", "p50", "p90", "p99", "load", "first", "memory",
    "outside", "golden gap", "answers", "note",
)  # fmt: skip


def rows_of(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """One row a record; times in ms, `outside` is operators that the fast kernels did not take."""
    return [_row(record) for record in records]


def markdown(records: Sequence[Record]) -> str:
    """The table as Markdown, with the reasons below it."""
    lines = [HEADER, ("---",) * len(HEADER), *rows_of(records)]
    rows = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    reasons = [f"- {line}" for line in reasons_of(records)]
    return "\n".join([*rows, *([""] if reasons else []), *reasons])


def reasons_of(records: Sequence[Record]) -> list[str]:
    """Why runs failed or were not run, a line each: too long for a table."""
    return [
        f"{record.outcome.value}: {record.flavour.name} on {record.target}: {record.reason}"
        for record in records
        if record.outcome is not RunOutcome.MEASURED
    ]


def agreement(records: Sequence[Record]) -> list[str]:
    """For each flavour that ran on several targets, whether its answers have the same bytes on all."""
    found: dict[str, list[Record]] = {}
    for record in records:
        if record.outcome is RunOutcome.MEASURED:
            found.setdefault(record.flavour.name, []).append(record)
    lines = []
    for name, group in found.items():
        fewest = min(record.examples or 0 for record in group)
        if len(group) < 2 or any(record.examples != fewest for record in group):
            continue
        kinds = {tuple(sorted(record.outputs.items())) for record in group}
        if len(kinds) == 1:
            lines.append(f"{name}: the same bytes on {len(group)} targets, {fewest} golden vectors")
        else:
            lines.append(f"{name}: {len(kinds)} kinds of answers on {len(group)} targets, see golden gap")
    return lines


def _row(record: Record) -> tuple[str, ...]:
    if record.outcome is not RunOutcome.MEASURED:
        blank = ("",) * (len(HEADER) - 4)
        return (
            record.flavour.name,
            record.target,
            "not_run",
            *blank,
            record.outcome.value,
        )
    answers = "".join(sorted(record.outputs.values()))
    outside = (
        "" if record.delegation is None else f"{record.delegation.outside}/{record.delegation.operators}"
    )
    return (
        record.flavour.name,
        record.target,
        record.evidence.value,
        "" if record.instructions is None else f"{record.instructions:,}",
        *_times(record),
        outside,
        "" if record.golden_gap is None else f"{record.golden_gap:.3g}",
        answers[:8],
        ", ".join(part for part in (*(flag.value for flag in record.flags), knee_words(record)) if part),
    )


def _times(record: Record) -> tuple[str, ...]:
    if not record.rounds:
        return ("",) * 6
    names = ("latency_ms", "p90_ms", "p99_ms", "load_ms", "first_run_ms")
    times = [f"{median(getattr(item, name) for item in record.rounds):.3g}" for name in names]
    memory = [item.peak_memory_bytes for item in record.rounds if item.peak_memory_bytes is not None]
    return (*times, f"{max(memory) / 1e6:.1f} MB" if memory else "")
