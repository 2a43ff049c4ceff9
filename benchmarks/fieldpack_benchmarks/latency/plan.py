"""How long to sample, and what a run that was sampled is worth: as the records judge it."""

from __future__ import annotations

from fieldpack.records.validity import FULL, PAIRED, QUICK, Plan, percentiles, validity

__all__ = ["FULL", "PAIRED", "QUICK", "Plan", "percentiles", "validity"]
