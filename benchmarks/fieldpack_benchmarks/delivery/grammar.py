"""What tree-sitter's grammars of Kotlin and Swift find wrong with a generated source."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from fieldpack.errors import MissingDependencyError

LANGUAGES = {".kt": "kotlin", ".kts": "kotlin", ".swift": "swift"}
INSTALL = "pip install 'fieldpack[dev]', or make venv"


def syntax_faults(language: str, text: str) -> list[str]:
    """Nodes that a grammar could not place, or had to invent, with their lines.

    Parameters
    ----------
    language : str
        A value of :data:`LANGUAGES`.
    text : str
        A whole source file.

    Raises
    ------
    MissingDependencyError
        tree-sitter or the grammar is not installed.
    """
    try:
        tree_sitter: Any = importlib.import_module("tree_sitter")
        grammar: Any = importlib.import_module(f"tree_sitter_{language}")
    except ImportError as error:
        raise MissingDependencyError(f"no grammar of {language}", hint=INSTALL) from error
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    waiting, found = [parser.parse(text.encode()).root_node], []
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            found.append(f"line {node.start_point[0] + 1}: {node.type}")
        waiting += node.children
    return found


def faults_below(folder: Path) -> tuple[int, list[str]]:
    """How many Kotlin and Swift sources lie below a folder, and their faults."""
    sources = sorted(path for path in folder.rglob("*") if path.suffix in LANGUAGES)
    faults = [
        f"{path.relative_to(folder)}, {fault}"
        for path in sources
        for fault in syntax_faults(LANGUAGES[path.suffix], path.read_text(encoding="utf-8"))
    ]
    return len(sources), faults
