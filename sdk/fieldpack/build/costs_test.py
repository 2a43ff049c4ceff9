from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fieldpack.budget import Budget, Limits, Shipped
from fieldpack.build import costs
from fieldpack.build.conversion import Made
from fieldpack.build.costs import add_costs, kept_costs, timed_flavours
from fieldpack.bundle.manifest import Compression, FlavourKind
from fieldpack.cost.host import Candidate
from fieldpack.share import Share

NOW = Shipped(bundle="now")


def budget(**limits: Any) -> Budget:
    return Budget(shipped=NOW, flavours={"int8": Limits(**limits)})


def made(name: str, kind: FlavourKind = FlavourKind.TFLITE) -> Made:
    proof = Compression(recipe=(), matched=(), changed=0, unchanged=1)
    return Made(name, kind, Path(f"/{name}"), (), (), proof, False)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"mean_kl": 1.0}, ([], [])),
        ({"latency_ms": {"adb:R5": 5.0}}, ([], [])),
        ({"latency_ms": {"host": 5.0}}, (["int8"], [])),
        ({"peak_memory_bytes": {"host": Share(share=0.5, of="float32")}}, (["float32", "int8"], [])),
        ({"latency_ms": {"host": Share(share=0.5, of="shipped")}}, (["int8"], ["int8"])),
    ],
)
def test_only_what_a_limit_needs_is_timed(
    limits: dict[str, Any], expected: tuple[list[str], list[str]]
) -> None:
    assert timed_flavours(budget(**limits), ["float32", "int8", "other"]) == expected


def test_records_lie_beside_the_runs_and_the_shipped_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def measured(candidates: list[Candidate], progress: Any) -> dict[str, Any]:
        asked.append([item.name for item in candidates])
        return {item.name: {"rounds": [], "of": item.name} for item in candidates}

    monkeypatch.setattr(costs, "measure_on_host", measured)
    both = Limits(latency_ms={"host": Share(share=0.5, of="shipped")})
    evidence: dict[str, Any] = {
        "flavours": {"a": {}, "b": {}, "coreml": {}},
        "references": {"shipped": {"flavours": {"a": {}, "b": {}}}},
    }
    files = [made("a"), made("b"), made("coreml", FlavourKind.COREML)]
    add_costs(
        Budget(shipped=NOW, every=both),
        files,
        {},
        evidence,
        lambda name: Candidate("shipped old", Path("/old"), (), {}),
        lambda road, stage, fraction: None,
    )
    assert asked == [["a", "b", "shipped old"]]
    assert evidence["flavours"]["b"]["costs"]["host"]["of"] == "b"
    assert "costs" not in evidence["flavours"]["coreml"]
    followed = evidence["references"]["shipped"]["flavours"]
    assert {followed[name]["costs"]["host"]["of"] for name in ("a", "b")} == {"shipped old"}

    again: dict[str, Any] = {
        "flavours": {"a": {}, "b": {}, "coreml": {}},
        "references": {"shipped": {"flavours": {"a": {}, "b": {}}}},
    }
    assert kept_costs(again, evidence)
    assert again == evidence
    assert not kept_costs({"flavours": {"a": {}}}, {"flavours": {"a": {"runs": {}}}})
