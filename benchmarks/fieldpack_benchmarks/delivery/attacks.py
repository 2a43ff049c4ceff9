"""Attacks on a signed bundle: what was tried, what was noticed, and for the right reason.

Three sets: structured attacks, each with the finding that it must lead to; random changes of single bytes;
and the untouched bundle in both forms before and after, which must be taken. All run in process, as
``fieldpack verify --key`` checks before it runs a model. Evidence is ``host``: these are counts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fieldpack.trust.checks import check_signed
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.delivery.attack import Attempt, attempt
from fieldpack_benchmarks.delivery.attacks_on_archives import ON_ARCHIVES
from fieldpack_benchmarks.delivery.attacks_on_files import ON_FILES, ON_SEALS
from fieldpack_benchmarks.delivery.attacks_on_signatures import ON_SIGNATURES, ON_TIME
from fieldpack_benchmarks.delivery.byte_changes import Changes, byte_changes
from fieldpack_benchmarks.delivery.victim import World, make_world
from fieldpack_benchmarks.study import Bar, Column
from fieldpack_benchmarks.table import Cell

ATTACKS = (*ON_FILES, *ON_SEALS, *ON_ARCHIVES, *ON_SIGNATURES, *ON_TIME)
SEED = 20261128
CHANGES, QUICK_CHANGES = 10_000, 400
LEAST_ATTACKS = 50
COLUMNS = (
    Column("attack", "text", "host", "what was done to a signed bundle"),
    Column("tried", "count", "host", "how often"),
    Column("detected", "count", "host", "how often the bundle was not taken"),
    Column("as told", "count", "host", "how often for the reason that the attack names"),
    Column("findings", "text", "host", "codes of what was found"),
)
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Siege:
    """All that was tried.

    Attributes
    ----------
    attempts : tuple of Attempt
        The structured attacks.
    changes : tuple of Changes
        The random changes of bytes, by place.
    refused : int
        How often the untouched bundle was not taken, of four times.
    """

    attempts: tuple[Attempt, ...]
    changes: tuple[Changes, ...]
    refused: int

    def rows(self) -> list[Mapping[str, Cell]]:
        """A row for each kind of attack, each place of changes, and the untouched bundle."""
        kinds = dict.fromkeys(item.attack.kind for item in self.attempts)
        of_kind = {kind: [item for item in self.attempts if item.attack.kind == kind] for kind in kinds}
        return [
            *(_attack_row(kind, attempts) for kind, attempts in of_kind.items()),
            *(_change_row(item) for item in self.changes),
            {"attack": "untouched", "tried": 4, "detected": self.refused},
        ]

    def bars(self, changes: int) -> tuple[Bar, ...]:
        """What must hold of it, `changes` being how many changes were asked for."""
        host = Evidence.HOST
        tried = sum(item.tried for item in self.changes)
        missed = sum(len(item.missed) for item in self.changes)
        through = [item.attack.name for item in self.attempts if not item.detected]
        strange = [item.attack.name for item in self.attempts if not item.as_told]
        return (
            Bar("structured attacks", len(self.attempts), LEAST_ATTACKS, AT_LEAST, host),
            Bar("structured attacks that went through", len(through), 0, AT_MOST, host, ", ".join(through)),
            Bar(
                "structured attacks found for another reason",
                len(strange),
                0,
                AT_MOST,
                host,
                ", ".join(strange),
            ),
            Bar("changes of single bytes", tried, changes, AT_LEAST, host),
            Bar("changes of single bytes that went through", missed, 0, AT_MOST, host),
            Bar("untouched bundles that were refused", self.refused, 0, AT_MOST, host),
        )


def besiege(changes: int, progress: Progress = lambda stage, done: None, seed: int = SEED) -> Siege:
    """Try everything on a bundle that is made and signed for it.

    Parameters
    ----------
    changes : int
        How many single bytes are changed.
    progress : callable
        Called with (stage, fraction).
    seed : int
        Of the choice of bytes.
    """
    with tempfile.TemporaryDirectory(prefix="fieldpack-attacks-") as name:
        folder = Path(name)
        world = make_world(folder / "world")
        refused = _refusals(world)
        attempts: list[Attempt] = []
        for number, attack in enumerate(ATTACKS):
            progress(attack.name, number / len(ATTACKS))
            attempts.append(attempt(attack, world, folder / f"attack-{number}"))
        changed = byte_changes(
            world, folder / "bytes", changes, seed, lambda done: progress("changes of bytes", done)
        )
        return Siege(tuple(attempts), tuple(changed), refused + _refusals(world))


def _refusals(world: World) -> int:
    return sum(bool(check_signed(path, world.demand())) for path in (world.folder, world.archive))


def _attack_row(kind: str, attempts: Sequence[Attempt]) -> dict[str, Cell]:
    codes = sorted({code for item in attempts for code in item.codes})
    return {
        "attack": f"structured: {kind}",
        "tried": len(attempts),
        "detected": sum(item.detected for item in attempts),
        "as told": sum(item.as_told for item in attempts),
        "findings": ", ".join(codes),
    }


def _change_row(item: Changes) -> dict[str, Cell]:
    return {
        "attack": f"one byte: {item.place}",
        "tried": item.tried,
        "detected": item.detected,
        "findings": ", ".join(item.codes),
    }
