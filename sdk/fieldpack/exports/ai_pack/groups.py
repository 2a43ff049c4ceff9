"""Groups of devices as the command line states them, and as Play reads them in XML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from fieldpack.errors import InputError
from fieldpack.exports.ai_pack.facts import GROUP_NAME, MOST_SELECTORS, NAMESPACE, OTHER

UNITS = {"MB": 10**6, "GB": 10**9, "MiB": 2**20, "GiB": 2**30}
FORM = "NAME=FLAVOUR:ram>=6GB,ram<12GB;soc=MANUFACTURER/MODEL"
_RAM = re.compile(r"ram(>=|<)(\d{1,6}(?:\.\d{1,3})?)(MB|GB|MiB|GiB)")
_CHIP = re.compile(r"soc=([^/=,;:]{1,60})/([^/=,;:]{1,60})")


@dataclass(frozen=True)
class Selector:
    """Devices that meet every condition.

    Attributes
    ----------
    least_ram_bytes, below_ram_bytes : int or None
        The memory is at least the one, and below the other.
    chips : tuple of (str, str)
        Manufacturer and model of the systems on a chip, any of which will do; empty: all.
    """

    least_ram_bytes: int | None = None
    below_ram_bytes: int | None = None
    chips: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Group:
    """Devices that get a flavour: those that any selector takes."""

    name: str
    flavour: str
    selectors: tuple[Selector, ...]


def parse_group(text: str) -> Group:
    """A group as the command line states it.

    Raises
    ------
    InputError
        It is none.
    """
    name, equals, rest = text.partition("=")
    flavour, colon, devices = rest.partition(":")
    if not equals or not colon or not re.fullmatch(GROUP_NAME, name) or not flavour or name == OTHER:
        raise InputError("--group is no group of devices", came=repr(text), allowed=FORM)
    selectors = tuple(_selector(part, text) for part in devices.split(";"))
    if len(selectors) > MOST_SELECTORS:
        raise InputError(
            f"group {name} has too many alternatives",
            came=len(selectors),
            allowed=f"at most {MOST_SELECTORS}",
        )
    return Group(name, flavour, selectors)


def _selector(text: str, whole: str) -> Selector:
    ram: dict[str, int] = {}
    chips = []
    for part in text.split(","):
        memory, chip = _RAM.fullmatch(part.strip()), _CHIP.fullmatch(part.strip())
        if memory is not None and memory[1] not in ram:
            ram[memory[1]] = round(float(memory[2]) * UNITS[memory[3]])
        elif chip is not None and chip[0].isprintable():
            chips.append((chip[1].strip(), chip[2].strip()))
        else:
            raise InputError(
                "--group has a condition that is none", came=repr(part), allowed=FORM, hint=whole
            )
    least, below = ram.get(">="), ram.get("<")
    if least is not None and below is not None and least >= below:
        raise InputError("--group asks for a memory that no device has", came=repr(text), allowed=FORM)
    return Selector(least, below, tuple(chips))


def targeting_xml(groups: Sequence[Group]) -> bytes:
    """The device targeting configuration, in the order of the groups; the first that fits counts."""
    ElementTree.register_namespace("config", NAMESPACE)
    root = ElementTree.Element(f"{{{NAMESPACE}}}device-targeting-config")
    for group in groups:
        entry = ElementTree.SubElement(root, f"{{{NAMESPACE}}}device-group", {"name": group.name})
        for selector in group.selectors:
            _add_selector(entry, selector)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=False)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + bytes(text) + b"\n"


def _add_selector(entry: ElementTree.Element, selector: Selector) -> None:
    ram = {"ram-min-bytes": selector.least_ram_bytes, "ram-max-bytes": selector.below_ram_bytes}
    attributes = {name: str(value) for name, value in ram.items() if value is not None}
    found = ElementTree.SubElement(entry, f"{{{NAMESPACE}}}device-selector", attributes)
    for manufacturer, model in selector.chips:
        told = {"manufacturer": manufacturer, "model": model}
        ElementTree.SubElement(found, f"{{{NAMESPACE}}}system-on-chip", told)
