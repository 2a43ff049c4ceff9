"""Import paths written in ``pack.toml``: ``module:attribute`` and the folders to look in."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from typing import Any

from fieldpack.errors import SpecError


def add_folders(folders: Iterable[str]) -> None:
    """Put folders at the front of the module search path, each once."""
    for folder in reversed(list(folders)):
        if folder not in sys.path:
            sys.path.insert(0, folder)


def imported(path: str, what: str) -> Any:
    """The object that ``module:attribute`` names; `what` is the option, for the message."""
    module_name, _, attribute = path.partition(":")
    if not module_name or not attribute:
        raise SpecError(
            f"{what} is not an import path.", came=path, allowed='"module:attribute"', hint=f"correct {what}"
        )
    try:
        value: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            value = getattr(value, part)
    except (ImportError, AttributeError) as error:
        raise SpecError(
            f"{what} cannot be imported.",
            came=f"{path}: {error}",
            allowed="a module that Python finds, and a name in it",
            hint="name the folder of the module in python_path of [source]",
        ) from error
    return value
