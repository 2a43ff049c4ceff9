"""Values as they stand in generated sources: strings, numbers, names; no name can end a string or a comment.

A value of a rule is plain data, or one of the three classes here; :func:`kotlin` and :func:`swift` write it.
Every character beyond ASCII is escaped, so that no text is drawn in another direction than it is read.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fieldpack.errors import InputError

RESERVED = frozenset({
    "abstract", "actor", "as", "associatedtype", "async", "await", "boolean", "break", "byte", "case",
    "catch", "char", "class", "companion", "const", "continue", "convenience", "data", "default",
    "defer", "deinit", "delegate", "do", "double", "dynamic", "else", "enum", "extends", "extension",
    "external", "false", "field", "fileprivate", "final", "finally", "float", "for", "fun", "func",
    "get", "goto", "guard", "hashcode", "if", "implements", "import", "in", "indirect", "infix", "init",
    "inline", "inner", "inout", "instanceof", "int", "interface", "internal", "is", "it", "lateinit",
    "lazy", "let", "long", "macro", "mutating", "native", "new", "nil", "none", "nonisolated",
    "nonmutating", "null", "object", "open", "operator", "optional", "out", "override", "package",
    "postfix", "prefix", "private", "property", "protected", "protocol", "public", "reified", "repeat",
    "required", "rethrows", "return", "sealed", "self", "set", "short", "some", "static", "strictfp",
    "struct", "subscript", "super", "suspend", "switch", "synchronized", "tailrec", "this", "throw",
    "throws", "transient", "true", "try", "type", "typealias", "typeof", "unowned", "val", "value",
    "var", "vararg", "void", "volatile", "weak", "when", "where", "while",
})  # fmt: skip
"""Words of Kotlin, Java and Swift, in small letters."""


@dataclass(frozen=True)
class Call:
    """An object with named fields."""

    name: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One form of a type that has several; without fields a constant."""

    name: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Word:
    """One of an enumeration's words, as ``Word("ColorOrder", "rgb")``."""

    kind: str
    word: str


@dataclass(frozen=True)
class Numbers:
    """Whole numbers or reals, as an array."""

    values: tuple[int, ...] | tuple[float, ...]
    whole: bool


def identifiers(names: Iterable[str]) -> list[str]:
    """Names of properties: no keyword, and no two that differ in case alone; underscores are put behind."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        while name.lower() in RESERVED or name.lower() in taken:
            name += "_"
        taken.add(name.lower())
        found.append(name)
    return found


def word_of(name: str) -> str:
    """A bundle's name as a word of letters, digits and underscores that is no keyword."""
    word = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "model"
    if word[0].isdigit():
        word = f"model_{word}"
    return identifiers([word])[0]


def camel(name: str) -> str:
    """A bundle's name as the name of a type."""
    return "".join(part[:1].upper() + part[1:] for part in word_of(name).split("_")) or "Model"


def checked_package(text: str, option: str) -> str:
    """A dotted name of a Java package.

    Raises
    ------
    InputError
        It is none.
    """
    parts = text.split(".")
    if any(not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", part) or part in RESERVED for part in parts):
        raise InputError(
            f"{option} is no name of a package", came=repr(text), allowed="such as org.example.bees"
        )
    return text


def kotlin_text(text: str) -> str:
    """A string of Kotlin, quotes included."""
    return json.dumps(text, ensure_ascii=True).replace("$", "\\u0024").replace("\\f", "\\u000c")


def swift_text(text: str) -> str:
    """A string of Swift, quotes included."""
    return '"' + "".join(_swift_letter(letter) for letter in text) + '"'


def _swift_letter(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    return letter if " " <= letter <= "~" else f"\\u{{{ord(letter):x}}}"


def markdown_text(text: str) -> str:
    """Text in one line of Markdown that is read as it stands."""
    plain = " ".join(text.split())
    shown = "".join(letter for letter in plain if letter.isprintable())
    return re.sub(r"([\\`*_{}\[\]<>()#!|&~@$])", r"\\\1", shown)


def kotlin(value: Any) -> str:
    """A value in Kotlin."""
    if isinstance(value, Call | Case):
        inside = ", ".join(f"{name} = {kotlin(item)}" for name, item in value.fields.items())
        return f"{value.name}({inside})" if inside else value.name
    if isinstance(value, Word):
        return f"{value.kind}.{value.word.upper()}"
    if isinstance(value, Numbers):
        return f"{'int' if value.whole else 'double'}ArrayOf({_listed(value.values, kotlin)})"
    if isinstance(value, str):
        return kotlin_text(value)
    if isinstance(value, float):
        return _real(value, "Double.NaN", "Double.POSITIVE_INFINITY")
    if isinstance(value, list | tuple):
        return f"listOf({_listed(value, kotlin)})" if value else "emptyList()"
    return _plain(value, "null")


def swift(value: Any) -> str:
    """A value in Swift."""
    if isinstance(value, Call | Case):
        inside = ", ".join(f"{name}: {swift(item)}" for name, item in value.fields.items())
        name = value.name if isinstance(value, Call) else f".{value.name[0].lower()}{value.name[1:]}"
        return f"{name}({inside})" if inside else name
    if isinstance(value, Word):
        first, *rest = value.word.lower().split("_")
        return "." + first + "".join(part.title() for part in rest)
    if isinstance(value, Numbers):
        return f"[{_listed(value.values, swift)}]"
    if isinstance(value, str):
        return swift_text(value)
    if isinstance(value, float):
        return _real(value, "Double.nan", "Double.infinity")
    if isinstance(value, list | tuple):
        return f"[{_listed(value, swift)}]"
    return _plain(value, "nil")


def _listed(values: Sequence[Any], write: Callable[[Any], str]) -> str:
    return ", ".join(write(item) for item in values)


def _real(value: float, none: str, endless: str) -> str:
    if math.isnan(value):
        return none
    if math.isinf(value):
        return endless if value > 0 else f"-{endless}"
    return repr(float(value))


def _plain(value: Any, nothing: str) -> str:
    if value is None:
        return nothing
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    raise TypeError(f"no literal for {value!r}")
