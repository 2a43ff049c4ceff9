"""The budget: limits on what the phone can take and on what may be lost.

Each limit is optional, since a budget states only what matters; a limit that was
set and could not be measured is ``not_run``, never a pass.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import Field, model_validator

from fieldpack.errors import SpecError
from fieldpack.model import Strict, validated
from fieldpack.verdict import CONFIDENCE


class Limits(Strict):
    """Limits on one flavour. Fractions are between 0 and 1, drops are source minus flavour."""

    installed_bytes: int | None = Field(
        default=None, ge=1, description="size on the phone, bytes", examples=[600000]
    )
    download_bytes: int | None = Field(
        default=None, ge=1, description="size after deflate level 6, bytes", examples=[500000]
    )
    top1_agreement: float | None = Field(
        default=None, ge=0, le=1, description="at least this share has the source's top-1", examples=[0.98]
    )
    margin_flips: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="at most this share loses a top-1 that the source held by a clear margin",
        examples=[0.01],
    )
    mean_kl: float | None = Field(
        default=None, ge=0, description="mean KL divergence from the source at most, nats", examples=[0.01]
    )
    centred_cosine: float | None = Field(
        default=None,
        ge=-1,
        le=1,
        description="at least this cosine, after the mean of each output is taken off",
        examples=[0.99],
    )
    top1_drop: float | None = Field(
        default=None, ge=0, le=1, description="accuracy lost at most", examples=[0.02]
    )
    macro_recall_drop: float | None = Field(
        default=None, ge=0, le=1, description="mean per-class recall lost at most", examples=[0.03]
    )
    worst_slice_drop: float | None = Field(
        default=None, ge=0, le=1, description="accuracy lost at most in the worst slice", examples=[0.1]
    )
    worst_pooled_slice_drop: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="accuracy lost at most in the worst pool: slices, and classes by how rare they are",
        examples=[0.05],
    )
    worst_slice_agreement: float | None = Field(
        default=None, ge=0, le=1, description="at least this agreement in the worst slice", examples=[0.9]
    )
    nll_rise: float | None = Field(
        default=None,
        description="rise of the mean negative log likelihood of the labels, nats",
        examples=[0.05],
    )
    max_abs_error: float | None = Field(
        default=None, gt=0, description="largest difference of an output from the source", examples=[0.1]
    )

    def stated(self) -> dict[str, float]:
        """The limits that are set, by name."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


class Budget(Strict):
    """Limits for every flavour, and more for named ones (a named flavour's limit wins)."""

    every: Limits = Field(default_factory=Limits, description="limits for every flavour")
    flavours: dict[str, Limits] = Field(default_factory=dict, description="limits for named flavours")
    confidence: float | None = Field(
        default=None,
        ge=CONFIDENCE,
        le=0.99,
        description="of each one-sided bound that decides, and of a fail among all limits; 0.95 if left out",
        examples=[0.95],
    )

    @model_validator(mode="after")
    def _states_something(self) -> Budget:
        if not self.every.stated() and not any(limits.stated() for limits in self.flavours.values()):
            raise ValueError(
                "a budget states at least one limit; example: [budget.every] top1_agreement = 0.98"
            )
        return self

    @property
    def certainty(self) -> float:
        """The confidence in force."""
        return CONFIDENCE if self.confidence is None else self.confidence

    def limits_of(self, flavour: str) -> dict[str, float]:
        """The limits in force for one flavour, by name."""
        own = self.flavours.get(flavour)
        return self.every.stated() | (own.stated() if own is not None else {})


def load_budget(path: Path) -> Budget:
    """Read a budget file: TOML with the tables ``[every]`` and ``[flavours.NAME]``.

    Raises
    ------
    SpecError
        The file is missing, is not TOML, or a field is unknown or wrong.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError("the budget file cannot be read", came=f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SpecError(f"{path} is not TOML: {error}") from error
    return validated(Budget, values, str(path), SpecError)
