"""The law of numbers, checked from outside: a finished Markdown text against the files of its bundles.

Written without :mod:`fieldpack.words.stated`: it knows JSON, text files and how people round.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fieldpack.report.vocabulary import TITLES
from fieldpack.words.said import TERMS, Said

NUMBER = re.compile(r"\d(?:[\d,]*\d)?(?:\.\d+)?(?:e[+−-]?\d+)?")
SCALES = {"%": 100.0, "kB": 1e-3, "MB": 1e-6}
"""What a stated value is multiplied with before this unit is written."""


def foreign_numbers(markdown: str, folders: Sequence[Path]) -> list[str]:
    """Numbers of a text that neither a number nor a text in the bundles' files says.

    Parameters
    ----------
    markdown : str
        The text as it was written.
    folders : sequence of Path
        Bundles, as folders.
    """
    values, texts = _stated(folders)
    return [
        number
        for number in NUMBER.findall(_without_terms(_read(markdown)))
        if not any(number in text for text in texts) and not _among(number, values)
    ]


def misquoted(said: Said, folders: Sequence[Path]) -> list[str]:
    """Pieces that neither the value at their place nor, of a key, the place says; found from outside."""
    by_digest = {(folder / "DIGEST").read_text().split(":")[1].strip(): folder for folder in folders}
    wrong = []
    for quoted in said.sources:
        value = resolve(by_digest[quoted["bundle"]] / quoted["file"], quoted["pointer"])
        if not _says(_read(quoted["text"]), value) and not _says(_read(quoted["text"]), quoted["pointer"]):
            wrong.append(f"{quoted['text']} is not {value!r} of {quoted['file']}#{quoted['pointer']}")
    return wrong


def resolve(file: Path, pointer: str) -> Any:
    """What stands at a JSON Pointer (RFC 6901), or in a line of a text or row of a table, counted from 1."""
    text = file.read_text(encoding="utf-8")
    if pointer.startswith("line="):
        return text.splitlines()[int(pointer.removeprefix("line=")) - 1]
    if pointer.startswith("row="):
        return list(csv.reader(io.StringIO(text)))[int(pointer.removeprefix("row=")) - 1]
    value = json.loads(text)
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def unsourced_digits(said: Said) -> str:
    """The words between the sourced pieces, where they hold a digit that no term of the field has."""
    words = _without_terms(" ".join(piece.text for piece in said.pieces if piece.source is None))
    return words if re.search(r"\d", words) else ""


def _read(markdown: str) -> str:
    """The text as a reader sees it: character references are characters, names of invisible ones are none."""
    return re.sub(r"<U\+[0-9A-F]{4,6}>|\u2060", "", html.unescape(markdown))


def _says(text: str, value: Any) -> bool:
    """Whether a number of the text is the value rounded, or all its digits stand in the value's text."""
    numbers = NUMBER.findall(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        (number,) = numbers
        unit = next((unit for unit in SCALES if text.rstrip().endswith(unit)), "")
        return _rounds(number, abs(value) * SCALES.get(unit, 1.0)) or _is_version(text, value)
    if isinstance(value, str) and text == TITLES.get(value):
        return True
    spelled = json.dumps(value, ensure_ascii=False)
    return all(number in spelled or number in str(value) for number in numbers)


def _is_version(text: str, value: float) -> bool:
    """2014000 is written 2.14.0; see :func:`fieldpack.verdict_files.words.version_text`."""
    whole = int(value)
    return text == f"{whole // 1_000_000}.{whole // 1000 % 1000}.{whole % 1000}"


def _among(number: str, values: set[float]) -> bool:
    return any(_rounds(number, value * scale) for value in values for scale in (1.0, *SCALES.values()))


def _rounds(number: str, value: float) -> bool:
    """Whether the value, rounded to the digits that are written, is the number."""
    plain = number.replace(",", "").replace("−", "-")
    mantissa, _, exponent = plain.partition("e")
    decimals = len(mantissa.partition(".")[2])
    step = 10.0 ** (int(exponent or 0) - decimals)
    return abs(float(plain) - value) <= 0.5000001 * step


def _stated(folders: Sequence[Path]) -> tuple[set[float], set[str]]:
    values: set[float] = set()
    texts: set[str] = set()
    for folder in folders:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        files = [folder / "manifest.json", folder / manifest["evidence"]]
        leaves = [leaf for file in files for leaf in _leaves(json.loads(file.read_text("utf-8")))]
        texts |= {leaf for leaf in leaves if isinstance(leaf, str)}
        values |= {abs(leaf) for leaf in leaves if not isinstance(leaf, str)}
        texts |= {path.read_text("utf-8") for path in folder.glob("**/*.txt")}
        texts |= {path.read_text("utf-8") for path in folder.glob("**/*.taxonomy.csv")}
        texts.add((folder / "DIGEST").read_text())
    return values, texts


def _leaves(value: Any) -> Iterator[str | float]:
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield value


def _without_terms(text: str) -> str:
    """The text without names that hold a digit and are no numbers, those of figures among them."""
    names = sorted((*TERMS, *TITLES.values()), key=len, reverse=True)
    return re.sub("|".join(map(re.escape, names)), "", text, flags=re.IGNORECASE)
