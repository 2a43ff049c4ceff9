"""Where a budget file states a limit, so that a service can show the line beside the verdict.

TOML's parser of the standard library keeps no lines. This reads tables and keys as people write budgets, a
key a line; a limit inside a table on one line is found by that line, and for one that is not found the
answer is the first line.
"""

from __future__ import annotations

import re

_TABLE = re.compile(r"\s*\[([^\[\]]+)\]")
_KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[\w.\s-])+?)\s*=""")


def limit_line(budget: str, subject: str, name: str) -> int:
    """The line, from 1, that states a limit; 1 where none does.

    Parameters
    ----------
    budget : str
        The file.
    subject : str
        The flavour; a limit of its own goes before one of ``[every]``.
    name : str
        Of the limit, such as ``instructions.qemu-arm64:cortex-a76``.
    """
    lines = _lines(budget)
    measure = name.partition(".")[0]
    wanted = [
        f"{table}.{word}" for table in (f"flavours.{subject}", "every", "app") for word in (name, measure)
    ]
    return next((lines[path] for path in wanted if path in lines), 1)


def _lines(budget: str) -> dict[str, int]:
    """Path of every key and table -> its first line."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(budget.splitlines(), 1):
        if match := _TABLE.match(line):
            table = _plain(match[1])
            found.setdefault(table, number)
        elif match := _KEY.match(line):
            found.setdefault(f"{table}.{_plain(match[1])}".lstrip("."), number)
    return found


def _plain(path: str) -> str:
    return re.sub(r"""["'\s]""", "", path)
