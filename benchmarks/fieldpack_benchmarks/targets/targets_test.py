"""Names of targets."""

from __future__ import annotations

import pytest

from fieldpack.errors import InputError
from fieldpack_benchmarks.targets import Target, TargetKind, parse_target


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("host", TargetKind.HOST, ""),
        ("adb", TargetKind.ADB, ""),
        ("adb:R5CT20ABC", TargetKind.ADB, "R5CT20ABC"),
        ("adb:127.0.0.1:5555", TargetKind.ADB, "127.0.0.1:5555"),
        ("ssh:pi@board.local:2222", TargetKind.SSH, "pi@board.local:2222"),
        ("ssh:pi@[fe80::1]:22", TargetKind.SSH, "pi@[fe80::1]:22"),
        ("qemu-arm64:cortex-a76", TargetKind.QEMU_ARM64, "cortex-a76"),
        ("callgrind", TargetKind.CALLGRIND, ""),
        ("ios:00008110-001A2B3C4D5E6F70", TargetKind.IOS, "00008110-001A2B3C4D5E6F70"),
        ("mac", TargetKind.MAC, ""),
    ],
)
def test_a_name_is_read_and_written_the_same(text: str, kind: TargetKind, place: str) -> None:
    target = parse_target(text)
    assert target == Target(kind, place)
    assert str(target) == text


@pytest.mark.parametrize(
    "text",
    ["", "phone", "host:1", "host:", "mac:1", "adb:", "adb:a b", "adb:$(id)", "ssh", "ssh:", "ssh:-oX=y",
     "ssh:a;b", "qemu-arm64", "qemu-arm64:A76", "ios", "ios:x", "HOST", " host",
     "callgrind:x86"],
)  # fmt: skip
def test_other_names_are_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(InputError, match="No target has this name") as caught:
        parse_target(text)
    assert caught.value.allowed
