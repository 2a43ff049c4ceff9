from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from fieldpack.budget import Budget, Limits, Shipped, load_budget
from fieldpack.errors import SpecError
from fieldpack.share import Share, circle

NAMES = ("tflite-float32", "tflite-int8", "tflite-small")
SHIPPED = '[shipped]\nbundle = "now"\n'


def read(tmp_path: Path, text: str) -> Budget:
    path = tmp_path / "budget.toml"
    path.write_text(text)
    return load_budget(path)


def test_limits_on_targets_and_shares_are_read(tmp_path: Path) -> None:
    budget = read(
        tmp_path,
        '[every]\ndownload_bytes = { share = 0.25, of = "source" }\n'
        'latency_ms = { host = 5, "adb:R5" = 9.5 }\n'
        '[flavours.tflite-int8]\nlatency_ms = { host = { share = 0.5, of = "tflite-float32" } }\n',
    )
    assert budget.limits_of("tflite-float32") == {
        "download_bytes": Share(share=0.25, of="source"),
        "latency_ms.host": 5.0,
        "latency_ms.adb:R5": 9.5,
    }
    assert budget.limits_of("tflite-int8")["latency_ms.host"] == Share(share=0.5, of="tflite-float32")
    assert "latency_ms.adb:R5" not in budget.limits_of("tflite-int8")
    words = json.dumps(budget.model_dump(mode="json", exclude_none=True))
    assert Budget.model_validate_json(words) == budget


def test_the_shipped_bundle_lies_beside_the_budget(tmp_path: Path) -> None:
    budget = read(tmp_path, f"{SHIPPED}[every]\nshipped_flips = 0.1\n")
    assert budget.shipped is not None
    assert budget.shipped.bundle == str(tmp_path / "now")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[every]\ninstalled_bytes = 0", "every.installed_bytes.: Input should be greater"),
        ("[every]\ninstalled_bytes = 1.5", "every.installed_bytes.: Input should be a valid integer"),
        ('[every]\ninstalled_bytes = { share = 0, of = "source" }', "installed_bytes.share.: Input"),
        ('[every]\ninstalled_bytes = { share = nan, of = "source" }', "installed_bytes.share"),
        ("[every]\ninstalled_bytes = { share = 0.5 }", "missing field .every.installed_bytes.of"),
        ('[every]\ninstalled_bytes = { share = 1, off = "x", of = "y" }', "unknown field .every.inst"),
        ('[every]\ninstalled_bytes = { share = 0.5, of = "shipped" }', "table .shipped. does not name it"),
        ("[every]\nshipped_flips = 0.1", "table .shipped. does not name it"),
        ('[shipped]\nbundle = ""\n[every]\nshipped_flips = 0.1', "shipped.bundle"),
        ('[shipped]\nbundle = "b"\ndigest = "12"\n[every]\nshipped_flips = 0.1', "shipped.digest"),
        ("[every]\nlatency_ms = 5", "latency_ms.*example: latency_ms = { host = 5.0 }"),
        ("[every]\nlatency_ms = {}", "latency_ms"),
        ("[every]\nlatency_ms = { phone = 5 }", "no such target; allowed are host, qemu-arm64:CPU"),
        ("[every]\nlatency_ms = { host = 0 }", "every.latency_ms.host.: Input should be greater than 0"),
        ('[every]\nlatency_ms = { host = { share = 1, of = "source" } }', "a source model has no latency"),
        ("[every]\npeak_memory_bytes = { host = 1.5 }", "peak_memory_bytes.host"),
        ('[every]\nshipped_flips = { share = 0.5, of = "shipped" }', "shipped_flips.: Input should be"),
    ],
)  # fmt: skip
def test_what_no_limit_can_be_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        read(tmp_path, text)


def of(name: str, share: float = 0.5) -> Limits:
    return Limits(installed_bytes=Share(share=share, of=name))


def budget(**flavours: Limits) -> Budget:
    return Budget(flavours={name.replace("_", "-"): limits for name, limits in flavours.items()})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (budget(tflite_int4=Limits(mean_kl=1.0)), "limits a flavour that the bundle does not have"),
        (budget(tflite_int8=of("tflite-float16")), "installed_bytes of tflite-int8 is a share of a flavour"),
        (budget(tflite_int8=of("tflite-int8")), "is a share of itself"),
        (Budget(every=of("tflite-float32")), "tflite-float32 is a share of itself"),
        (budget(tflite_int8=of("tflite-small"), tflite_small=of("tflite-int8")), "lead in a circle"),
        (
            budget(tflite_int8=of("tflite-small", 1.2), tflite_small=of("tflite-int8", 0.8)),
            "tflite-int8 of tflite-small of tflite-int8",
        ),
    ],
)
def test_shares_of_strangers_of_oneself_and_in_circles_are_refused(wrong: Budget, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        wrong.check_flavours(NAMES)


def test_shares_that_lead_somewhere_are_taken() -> None:
    chain = budget(tflite_small=of("tflite-int8"), tflite_int8=of("tflite-float32"))
    chain.check_flavours(NAMES)
    alike = budget(tflite_int8=of("tflite-small", 1.1), tflite_small=of("tflite-int8", 1.1))
    alike.check_flavours(NAMES)
    joined = {"a": Share(share=0.5, of="b"), "b": Share(share=0.5, of="c"), "c": Share(share=0.5, of="b")}
    assert circle(joined) == ["b", "c", "b"]
    fixed = Budget(every=Limits(installed_bytes=Share(share=0.5, of="elsewhere", base=1000)))
    fixed.check_flavours(NAMES)


def test_a_flavour_called_shipped_is_ambiguous() -> None:
    limits = Budget(
        shipped=Shipped(bundle="now"), every=Limits(installed_bytes=Share(share=0.5, of="shipped"))
    )
    with pytest.raises(SpecError, match="the name of a flavour too"):
        limits.check_flavours(("shipped", "other"))


def test_followers_must_be_there() -> None:
    limits: dict[str, Any] = {"every": Limits(shipped_flips=0.1)}
    one = Budget(shipped=Shipped(bundle="now", flavours={"tflite-tiny": "tflite-int8"}), **limits)
    with pytest.raises(SpecError, match="tflite-tiny"):
        one.check_followers(NAMES)
    with pytest.raises(ValidationError):
        Budget(**limits)
