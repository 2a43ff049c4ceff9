"""Records of this machine, with readings of heat and clock that it does not have."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.records.record import Flag, Record
from fieldpack.testing import tiny_bundle
from fieldpack_benchmarks.bench.one_target import Wish, bench_flavour
from fieldpack_benchmarks.latency.plan import Plan
from fieldpack_benchmarks.targets.facts import TargetFacts
from fieldpack_benchmarks.targets.host import HostTransport

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="runs Linux programs: run it on Linux")
SHORT = Plan(warm_ups=1, samples=8, seconds=5.0, shortest_s=0.0, rounds=3)
COOL = {"thermal_zone0:cpu": "41000", "cpu0_khz": "2800000"}
Tell = Callable[[list[dict[str, str]]], None]


@pytest.fixture
def bundle(tmp_path: Path) -> Iterator[Bundle]:
    with open_bundle(tiny_bundle(tmp_path / "tiny.fieldpack")) as opened:
        yield opened


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Readings that this machine gives, one after the other, the last again and again."""

    def told(readings: list[dict[str, str]]) -> None:
        own, rest = HostTransport.facts, list(readings)

        def facts(self: HostTransport) -> TargetFacts:
            return replace(own(self), readings=rest.pop(0) if len(rest) > 1 else rest[0])

        monkeypatch.setattr(HostTransport, "facts", facts)

    return told


def bench(bundle: Bundle, records: Path, plan: Plan = SHORT, mode: str = "quick") -> Record:
    (flavour,) = bundle.manifest.flavours
    return bench_flavour(bundle, flavour, "host", Wish(mode, plan, 1, records))


@pytest.mark.parametrize(
    ("behind", "flagged"),
    [
        (COOL, False),
        (COOL | {"cpu0_khz": "1400000"}, True),
        (COOL | {"thermal_zone0:cpu": "91"}, True),
    ],
)
def test_heat_behind_any_round_is_flagged(
    bundle: Bundle, tell: Tell, behind: dict[str, str], flagged: bool, tmp_path: Path
) -> None:
    tell([COOL, COOL, behind, COOL])
    record = bench(bundle, tmp_path / "records")
    assert len(record.rounds) == 3, record.reason
    assert (Flag.THROTTLED in record.flags) is flagged
