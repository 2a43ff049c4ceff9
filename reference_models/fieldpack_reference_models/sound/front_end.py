"""The front-end of ``pack.toml``: the only place that says how a clip becomes a spectrogram."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fieldpack.contract.inputs import SpectrogramInput
from fieldpack.errors import InputError
from fieldpack.spec import load_spec


@cache
def contract() -> SpectrogramInput:
    """The input of ``pack.toml``."""
    found = load_spec(Path(__file__).with_name("pack.toml")).contract.inputs[0]
    if not isinstance(found, SpectrogramInput):
        raise InputError("pack.toml has no spectrogram input", came=found.kind)
    return found
