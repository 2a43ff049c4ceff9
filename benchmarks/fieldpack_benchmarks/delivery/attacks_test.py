"""Every attack is found, for the reason that it names, and a reader with a hole would let some through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fieldpack.bundle.finding import OF_TRUST
from fieldpack.bundle.verify import check_structure
from fieldpack.trust import checks, rollback
from fieldpack.trust.checks import Demand, Judgement
from fieldpack.trust.keys import PublicKey
from fieldpack.trust.statement import Claims
from fieldpack_benchmarks.delivery import attack, byte_changes
from fieldpack_benchmarks.delivery.attack import attempt, entries_of, zip_again
from fieldpack_benchmarks.delivery.attacks import (
    ATTACKS,
    COLUMNS,
    LEAST_ATTACKS,
    QUICK_CHANGES,
    Siege,
    besiege,
)
from fieldpack_benchmarks.delivery.attacks_on_signatures import ON_SIGNATURES, ON_TIME
from fieldpack_benchmarks.delivery.byte_changes import SHARES
from fieldpack_benchmarks.delivery.victim import World, make_world
from fieldpack_benchmarks.study import Study


def test_a_siege_is_held() -> None:
    siege = besiege(QUICK_CHANGES)
    study = Study("delivery", COLUMNS, tuple(siege.rows()), siege.bars(QUICK_CHANGES), quick=True)
    assert study.holds, study.bars
    assert {item.place for item in siege.changes} == set(SHARES)
    assert all(item.tried for item in siege.changes)
    assert sum(int(row["tried"] or 0) for row in siege.rows()) == len(ATTACKS) + QUICK_CHANGES + 4


def test_there_are_enough_attacks_and_each_is_another_one() -> None:
    assert len({item.name for item in ATTACKS}) == len(ATTACKS) > LEAST_ATTACKS
    assert {item.code for item in ATTACKS} >= OF_TRUST


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


def structure_only(path: Path, demand: Demand) -> list[Any]:
    return check_structure(path)


def through(siege: Siege) -> set[str]:
    return {item.attack.kind for item in siege.attempts if not item.detected}


def test_without_signatures_whoever_seals_a_bundle_anew_gets_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the signature is for: digests alone find none of these."""
    monkeypatch.setattr(attack, "check_signed", structure_only)
    monkeypatch.setattr(byte_changes, "check_signed", structure_only)
    siege = besiege(40)
    assert through(siege) == {"seal", "archive", "signature", "time"}
    lost = [item.attack for item in siege.attempts if not item.detected]
    assert {item.code for item in lost} == OF_TRUST
    assert {item.place for item in siege.changes if item.missed} == {"signature", "bill of materials"}
    assert not all(bar.holds for bar in siege.bars(40))


@pytest.mark.parametrize(
    ("place", "name", "hole"),
    [
        (PublicKey, "holds", lambda self, signature, data: True),
        (checks, "_file_findings", lambda bundle, resources: []),
        (checks, "_claim_findings", lambda bundle, claims: []),
        (checks, "_bill_findings", lambda place, claims: []),
        (checks, "rollback_findings", lambda *given: []),
        (rollback, "_succession_faults", lambda *given: []),
        (Claims, "expired", lambda self, now: False),
        (checks, "judge", lambda bundle, demand: Judgement((), None)),
    ],
)
def test_a_hole_in_the_reader_is_seen(
    place: object,
    name: str,
    hole: Callable[..., object],
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(place, name, hole)
    tried = (attempt(item, world, tmp_path / item.name) for item in (*ON_SIGNATURES, *ON_TIME))
    assert not all(item.as_told for item in tried)


def test_the_attacker_s_archive_is_the_writer_s_to_the_byte(world: World, tmp_path: Path) -> None:
    """So that what is found is the attack, and not the tool that made it."""
    made = tmp_path / "tiny.fieldpack"
    zip_again(made, entries_of(world.archive))
    assert made.read_bytes() == world.archive.read_bytes()
