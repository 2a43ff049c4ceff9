"""The causes that a diagnosis looks for, in the order in which they are shown."""

from __future__ import annotations

import importlib

from fieldpack.diagnosis.finding import Cause

CAUSES: tuple[str, ...] = (
    "unmatched_rule",
    "stretching_pad",
    "mixed_scale_concat",
    "shared_silu_range",
    "outlier_channel",
    "saturated_scores",
    "dead_range",
    "undelegated_gate",
    "slower_than_float",
)


def causes() -> tuple[Cause, ...]:
    """Every cause of the list."""
    return tuple(importlib.import_module(f"{__package__}.{name}").CAUSE for name in CAUSES)
