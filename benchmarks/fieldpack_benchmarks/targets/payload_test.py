"""What a target must have, found out before anything is pushed."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from fieldpack.errors import MissingDependencyError, TargetError, UnsupportedError
from fieldpack_benchmarks.targets.elf import elf_facts, version_of
from fieldpack_benchmarks.targets.facts import TargetFacts, parse_facts
from fieldpack_benchmarks.targets.host import HostTransport
from fieldpack_benchmarks.targets.payload import (
    Payload,
    check_fits,
    fitting_payload,
    library_for,
    payload_for,
)
from fieldpack_benchmarks.targets.runner.build import compiler_for

pytestmark = pytest.mark.skipif(
    platform.system() != "Linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="reads Linux programs of this machine: run it on Linux on x86-64 or 64-bit ARM",
)
needs_compiler = pytest.mark.skipif(
    compiler_for(platform.machine()) is None, reason="a C compiler is missing: apt-get install gcc"
)
HERE = TargetFacts(platform.machine(), "Linux", free_bytes=2**40, glibc=(2, 99), libstdcxx=(6, 0, 99))


def test_the_library_of_the_wheel_says_what_it_needs() -> None:
    facts = elf_facts(library_for(platform.machine()))
    assert facts.architecture == platform.machine()
    assert facts.glibc is not None
    assert facts.glibc >= (2, 17)
    assert facts.glibcxx is not None


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"", "no program"), (b"#!/bin/sh\n", "no program"), (b"MZ" + bytes(64), "no program"),
     (b"\x7fELF\x01\x01" + bytes(60), "no program"), (b"\x7fELF\x02\x01", "cut off")],
)  # fmt: skip
def test_other_files_are_no_programs(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "runner"
    path.write_bytes(content)
    with pytest.raises(TargetError, match=word):
        elf_facts(path)


@pytest.mark.parametrize("size", [100, 4096, 2**20])
def test_a_library_that_is_cut_off_is_seen(tmp_path: Path, size: int) -> None:
    path = tmp_path / "libLiteRt.so"
    path.write_bytes(library_for(platform.machine()).read_bytes()[:size])
    with pytest.raises(TargetError, match="cut off"):
        elf_facts(path)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"architecture": "riscv64"}, "another processor"),
        ({"glibc": (2, 11)}, "C library of board is too old"),
        ({"libstdcxx": (6, 0, 1)}, r"C\+\+ library of board is too old"),
        ({"glibc": None, "android": "14"}, "has not the C library"),
        ({"free_bytes": 2**20}, "board has no space"),
    ],
)
def test_what_could_only_fail_there_is_refused_here(changes: dict[str, object], what: str) -> None:
    payload = Payload(None, library_for(platform.machine()))
    check_fits(payload, HERE, "board", 0)
    with pytest.raises(TargetError, match=what) as caught:
        check_fits(payload, replace(HERE, **changes), "board", 0)  # type: ignore[arg-type]
    assert caught.value.came
    assert caught.value.allowed


@needs_compiler
def test_the_runner_itself_is_held_against_the_target() -> None:
    payload = payload_for(platform.machine())
    assert payload.runner is not None
    assert elf_facts(payload.runner).architecture == platform.machine()
    with pytest.raises(TargetError, match="another processor"):
        check_fits(payload, replace(HERE, architecture="riscv64"), "board", 0)


def test_other_systems_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="does not run Linux") as caught:
        fitting_payload(replace(HERE, system="Darwin 25.0"), "ssh:mac", 0)
    assert caught.value.came == "Darwin 25.0"


@pytest.mark.parametrize("architecture", ["armv7l", "riscv64"])
def test_processors_without_litert_are_told(architecture: str) -> None:
    with pytest.raises(TargetError, match="no LiteRT for the processor") as caught:
        payload_for(architecture)
    assert "aarch64" in (caught.value.allowed or "")


def test_without_a_compiler_python_runs_here_and_nothing_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    payload = payload_for(platform.machine(), here=True)
    assert payload.runner is None
    assert payload.command()[0] == sys.executable
    with pytest.raises(MissingDependencyError, match="C compiler") as caught:
        payload_for(platform.machine())
    assert "apt-get install" in (caught.value.hint or "")


def test_android_on_arm_gets_our_c_library_beside_the_runner() -> None:
    try:
        payload_for("aarch64")
    except MissingDependencyError as error:
        pytest.skip(f"{error.what}: {error.hint}")
    phone = TargetFacts("aarch64", "Linux", free_bytes=2**40, android="14")
    payload = fitting_payload(phone, "adb:X", 0)
    assert payload.command()[:3] == ["./ld-linux-aarch64.so.1", "--library-path", "."]
    with pytest.raises(TargetError, match="no space"):
        fitting_payload(replace(phone, free_bytes=2**20), "adb:X", 0)


def test_facts_are_read_and_what_is_missing_stays_unknown() -> None:
    facts = parse_facts(
        "noise\narchitecture=arm64\r\nsystem=Linux 6\nglibc=2.36\nfree_kib=8\n"
        "reading.cpu-0=41000\nlibstdcxx=x\n",
        "b",
    )
    assert (facts.architecture, facts.glibc, facts.free_bytes) == ("aarch64", (2, 36), 8192)
    assert (facts.libstdcxx, facts.memory_bytes, facts.readings) == (None, None, {"cpu-0": "41000"})


def test_this_machine_says_what_it_is() -> None:
    with HostTransport() as transport:
        facts = transport.facts()
    assert (facts.architecture, facts.system) == (
        platform.machine(),
        f"{platform.system()} {platform.release()}",
    )
    assert facts.cores == len(os.sched_getaffinity(0))
    assert facts.memory_bytes == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    name, _, version = os.confstr("CS_GNU_LIBC_VERSION").partition(" ")  # type: ignore[union-attr]
    assert name == "glibc"
    assert facts.glibc == version_of(version)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    assert facts.free_bytes is not None
    assert abs(facts.free_bytes - free) < 2**30  # others write meanwhile


@pytest.mark.parametrize("text", ["", "sh: uname: not found", "system=Linux"])
def test_a_target_that_does_not_say_what_it_is_is_refused(text: str) -> None:
    with pytest.raises(TargetError, match="does not say what it is"):
        parse_facts(text, "b")
