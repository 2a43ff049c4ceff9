"""One run of one flavour on one target, as a line of JSON."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from fieldpack.budget import known_target
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.model import Strict
from fieldpack.verdict import Evidence

SCHEMA = "fieldpack-bench/2"
"""What is written. Version 2 keeps when each step of a curve began."""
READABLE = ("fieldpack-bench/1", SCHEMA)
"""What is read."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
MachineKey = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]


def _asked_target(target: str) -> str:
    return target if target == "adb" else known_target(target)


AskedTarget = Annotated[str, AfterValidator(_asked_target)]
"""A target; ``adb`` alone is of runs that did not come as far as to find the only device."""


class RunOutcome(StrEnum):
    """How a run ended."""

    MEASURED = "measured"
    FAILED = "failed"
    NOT_RUN = "not_run"


class Flag(StrEnum):
    """Why a measured run proves less than it should."""

    TOO_FEW_SAMPLES = "too_few_samples"
    UNSTABLE = "unstable"
    THROTTLED = "throttled"
    DELEGATE_LOST = "delegate_lost"


class BundleName(Strict):
    """The bundle that was run."""

    name: str = Field(min_length=1)
    version: str = Field(min_length=1)
    digest: Sha256


class FlavourName(Strict):
    """The flavour that was run."""

    name: str = Field(min_length=1)
    kind: FlavourKind
    digest: Sha256 = Field(description="of the file, or of the folder's file table")


class Runner(Strict):
    """What ran it. Counts of two runners or runtimes are not compared."""

    kind: Literal["c", "python", "instrumentation", "xctest", "page"]
    runtime: str = Field(min_length=1, description="name and version", examples=["LiteRT 2.3.0"])
    processor: str = Field(min_length=1, description="real or emulated", examples=["cortex-a76"])
    emulator: str | None = Field(default=None, description="name and version; absent on real processors")
    threads: int = Field(ge=1)


class Round(Strict):
    """One process: its middle and its tails, milliseconds, and the memory that it grew by, bytes."""

    latency_ms: float = Field(gt=0, description="median")
    p90_ms: float = Field(gt=0)
    p99_ms: float = Field(gt=0)
    samples: int = Field(ge=1)
    load_ms: float = Field(ge=0, description="until the model was ready")
    first_run_ms: float = Field(ge=0)
    peak_memory_bytes: int | None = Field(default=None, ge=0)


class Delegation(Strict):
    """What the runtime handed to its fast kernels."""

    operators: int = Field(ge=0, description="steps that ran")
    outside: int = Field(ge=0, description="of them, those of the slow, built-in kind")


class Step(Strict):
    """A row of the profile: one operator as the runtime names it."""

    name: str
    average_ms: float = Field(ge=0)
    delegated: bool


class Curve(Strict):
    """Minutes of work without a rest: what each step of it came to.

    Steps follow each other with no more between them than loading the model and what is read from the target.
    Temperatures and clocks are those behind each step, null where the target did not tell, absent where it
    never does.
    """

    step_s: float = Field(gt=0, description="how long a step samples, seconds")
    began_s: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        default=(), description="when each step began, seconds after the first; from version 2"
    )
    medians_ms: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=1)
    temperatures: tuple[float | None, ...] = Field(
        default=(), description="of the hottest zone, degrees Celsius"
    )
    clocks_khz: tuple[int | None, ...] = Field(default=(), description="of the core that ran fastest")

    @model_validator(mode="after")
    def _one_each(self) -> Curve:
        for name in ("began_s", "temperatures", "clocks_khz"):
            values = getattr(self, name)
            if values and len(values) != len(self.medians_ms):
                raise ValueError(f"`{name}` has {len(values)} values for {len(self.medians_ms)} steps")
        if self.began_s and (self.began_s[0] or any(b <= a for a, b in pairwise(self.began_s))):
            raise ValueError("`began_s` begins with 0 and rises from step to step")
        return self


class Record(Strict):
    """One line of a record file.

    Times are wall clock. Of an emulated target there are none, only counts.
    """

    schema_version: Literal["fieldpack-bench/1", "fieldpack-bench/2"] = Field(alias="schema")
    taken: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", description="UTC")
    bundle: BundleName
    flavour: FlavourName
    target: AskedTarget
    evidence: Evidence
    outcome: RunOutcome
    reason: str = Field(default="", description="why it failed or was not run")
    machine: MachineKey | None = Field(default=None, description="file in `machines/` that tells of it")
    runner: Runner | None = None
    mode: Literal["quick", "full", "sustained", "count"] | None = None
    instructions: int | None = Field(default=None, ge=1, description="of one inference, least of the counted")
    rounds: tuple[Round, ...] = ()
    curve: Curve | None = Field(default=None, description="of sustained mode")
    delegation: Delegation | None = None
    examples: int | None = Field(
        default=None, ge=1, description="golden vectors, from the first, that it ran"
    )
    outputs: dict[str, Sha256] = Field(
        default_factory=dict, description="output -> digest of the file's own values over those examples"
    )
    golden_gap: float | None = Field(
        default=None, ge=0, description="largest difference from what the flavour gave when it was built"
    )
    flags: tuple[Flag, ...] = ()
    profile: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Record:
        if self.outcome is RunOutcome.MEASURED:
            if self.runner is None or self.evidence is Evidence.NOT_RUN:
                raise ValueError("a measured run names its runner and its evidence")
            if self.evidence is Evidence.ESTIMATED:
                raise ValueError("an estimate is no run, and no record")
            if self.instructions is None and not self.rounds:
                raise ValueError("a measured run has instructions or rounds")
        elif not self.reason:
            raise ValueError(f"a run that is {self.outcome.value} says why in `reason`")
        if self.evidence is Evidence.EMULATED and self.rounds:
            raise ValueError("times of an emulated processor are no times")
        self._check_curve()
        return self

    def _check_curve(self) -> None:
        if self.curve is None:
            return
        if self.mode != "sustained":
            raise ValueError("a curve is of sustained mode")
        if bool(self.curve.began_s) != (self.schema_version == SCHEMA):
            raise ValueError(f"a curve tells in `began_s` when its steps began from {SCHEMA} on, not before")
