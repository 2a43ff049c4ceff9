"""One line of the file that a phone writes: one round of one flavour, ``fieldpack-phone/1``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fieldpack.model import Strict
from fieldpack.phone_projects.facts import THERMAL_WORDS
from fieldpack.records.record import BundleName, FlavourName, RunOutcome, Sha256

Milliseconds = Annotated[float, Field(gt=0)]
Epoch = Annotated[
    int, Field(ge=0, le=253_402_300_799_999, description="milliseconds since 1970, UTC, to the year 9999")
]


class Device(Strict):
    """The phone, as it tells of itself."""

    model: str = Field(min_length=1)
    system: Literal["Android", "iOS", "macOS"]
    version: str = Field(min_length=1)
    processor: str = Field(min_length=1)
    emulated: bool


class PhoneRunner(Strict):
    """What ran the model."""

    kind: Literal["instrumentation", "xctest"]
    runtime: str = Field(min_length=1)
    threads: int = Field(ge=1)


class GoldenRow(Strict):
    """One output on all golden vectors."""

    output: str = Field(min_length=1)
    difference: float | None = Field(
        default=None, ge=0, description="largest; null or absent where a value is not finite"
    )


class PhoneLine(Strict):
    """The line."""

    schema_version: Literal["fieldpack-phone/1"] = Field(alias="schema")
    bundle: BundleName
    flavour: FlavourName
    round: int = Field(ge=1, le=1000, description="process, counted from 1")
    device: Device
    runner: PhoneRunner
    started_ms: Epoch
    ended_ms: Epoch
    thermal_before: str | None = Field(default=None, description="null where the system does not tell")
    thermal_after: str | None = None
    outcome: RunOutcome
    reason: str = ""
    golden: tuple[GoldenRow, ...] = ()
    outputs: dict[str, Sha256] = Field(
        default_factory=dict, description="output -> SHA-256 of its bytes over all golden vectors"
    )
    load_ms: float | None = Field(default=None, ge=0)
    first_run_ms: Milliseconds | None = None
    warm_ups_ms: tuple[Milliseconds, ...] = ()
    samples_ms: tuple[Milliseconds, ...] = ()
    p50_ms: Milliseconds | None = None
    p90_ms: Milliseconds | None = None
    p99_ms: Milliseconds | None = None
    peak_memory_bytes: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _consistent(self) -> PhoneLine:
        for word in (self.thermal_before, self.thermal_after):
            if word is not None and word not in THERMAL_WORDS:
                raise ValueError(f"no such thermal state: {word}")
        if self.outcome is RunOutcome.NOT_RUN:
            raise ValueError("a phone writes no line of what it did not run")
        if self.outcome is RunOutcome.FAILED and not self.reason:
            raise ValueError("a round that failed says why in `reason`")
        if self.outcome is RunOutcome.MEASURED:
            figures = (self.load_ms, self.first_run_ms, self.p50_ms, self.p90_ms, self.p99_ms)
            if None in figures or not self.samples_ms:
                raise ValueError("a round that was measured has its times and samples")
        return self
