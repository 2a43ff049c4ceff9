"""What a target says of itself: processor, C library, space, heat and clock, by one script for every shell.

The script asks only for what POSIX shells, Android's mksh and the smallest of its toyboxes have, and leaves
out what is not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from fieldpack.errors import TargetError
from fieldpack_benchmarks.targets.elf import version_of

SCRIPT = r"""
say() { if [ -n "$2" ]; then echo "$1=$2"; fi; }
say architecture "$(uname -m)"
say system "$(uname -sr)"
named() { sed -n "s/^$1[[:space:]]*: //p" /proc/cpuinfo 2>/dev/null | sort | uniq; }
say cpu "$(echo $(named 'model name'))"
say part "$(echo $(named 'CPU part'))"
say cores "$(env -u OMP_NUM_THREADS nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null)"
say memory_kib "$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo 2>/dev/null)"
say free_kib "$(df -Pk . 2>/dev/null | sed -n '2s/^.* \([0-9][0-9]*\)  *[0-9][0-9]*% .*$/\1/p')"
libc=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc //p')
say glibc "${libc:-$(ldd --version 2>/dev/null | sed -n '1s/^.*[Gg][Ll][Ii][Bb][Cc].* //p')}"
for file in /usr/lib/*-linux-gnu/libstdc++.so.6 /lib/*-linux-gnu/libstdc++.so.6 /usr/lib64/libstdc++.so.6; do
    if [ -e "$file" ]; then
        say libstdcxx "$(readlink -f "$file" | sed -n 's/^.*libstdc++\.so\.//p')"
        break
    fi
done
say product "$(getprop ro.product.model 2>/dev/null)"
say android "$(getprop ro.build.version.release 2>/dev/null)"
say emulator "$(getprop ro.kernel.qemu 2>/dev/null)$(getprop ro.boot.qemu 2>/dev/null)"
for zone in /sys/class/thermal/thermal_zone*; do
    if [ -r "$zone/temp" ]; then
        say "reading.$(basename "$zone"):$(cat "$zone/type" 2>/dev/null)" "$(cat "$zone/temp" 2>/dev/null)"
    fi
done
for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
    if [ -r "$cpu/cpufreq/scaling_cur_freq" ]; then
        say "reading.$(basename "$cpu")_khz" "$(cat "$cpu/cpufreq/scaling_cur_freq" 2>/dev/null)"
    fi
done
"""
KNOWN = {
    "architecture", "system", "cpu", "part", "cores", "memory_kib", "free_kib", "glibc", "libstdcxx",
    "product", "android", "emulator",
}  # fmt: skip
READING = "reading."
SAME = {"arm64": "aarch64", "amd64": "x86_64", "armv8l": "aarch64"}


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """A target in its own words; None where it does not say.

    Attributes
    ----------
    architecture, system : str
        As ``uname`` gives them.
    cpu : str
        Name, or part numbers, of the processor.
    cores : int or None
        Usable processors.
    memory_bytes, free_bytes : int or None
        Memory, and space in the folder that runs happen in.
    glibc, libstdcxx : tuple of int or None
        Versions of the C and C++ library, as (2, 36) and (6, 0, 30).
    product, android : str
        Of phones.
    emulator : bool
        Android says that it runs in an emulator.
    readings : dict
        Thermal zones, by number and type, and clock frequencies, as the kernel gives them.
    """

    architecture: str
    system: str
    cpu: str = ""
    cores: int | None = None
    memory_bytes: int | None = None
    free_bytes: int | None = None
    glibc: tuple[int, ...] | None = None
    libstdcxx: tuple[int, ...] | None = None
    product: str = ""
    android: str = ""
    emulator: bool = False
    readings: dict[str, str] = field(default_factory=dict)


def parse_facts(text: str, place: str) -> TargetFacts:
    """What the script printed, read.

    Raises
    ------
    TargetError
        It does not even say its architecture.
    """
    pairs = dict(line.rstrip("\r").split("=", 1) for line in text.splitlines() if "=" in line)
    found = {name: value for name, value in pairs.items() if name in KNOWN}
    if not {"architecture", "system"} <= set(found):
        raise TargetError(
            f"{place} does not say what it is", came=text[:200] or "nothing", hint="it needs a POSIX shell"
        )
    return TargetFacts(
        architecture=SAME.get(found["architecture"], found["architecture"]),
        system=found["system"],
        cpu=(found.get("cpu") or found.get("part", "")).strip(),
        cores=_number(found.get("cores")),
        memory_bytes=_bytes(found.get("memory_kib")),
        free_bytes=_bytes(found.get("free_kib")),
        glibc=_version(found.get("glibc")),
        libstdcxx=_version(found.get("libstdcxx")),
        product=found.get("product", ""),
        android=found.get("android", ""),
        emulator="1" in found.get("emulator", ""),
        readings={
            name.removeprefix("reading."): value
            for name, value in pairs.items()
            if name.startswith("reading.")
        },
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _bytes(kib: str | None) -> int | None:
    number = _number(kib)
    return None if number is None else number * 1024


def _version(text: str | None) -> tuple[int, ...] | None:
    return version_of(text) if text and re.fullmatch(r"\d+(\.\d+)*", text) else None
