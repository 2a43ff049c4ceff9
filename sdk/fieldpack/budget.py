"""The budget: limits on what the phone can take and on what may be lost.

Each limit is optional, since a budget states only what matters; a limit that was
set and could not be measured is ``not_run``, never a pass. Sizes, memory and latency may
be shares of those of the source model, of a shipped bundle or of another flavour.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from fieldpack.errors import SpecError
from fieldpack.model import Strict, validated
from fieldpack.share import (
    BASELINE,
    RESERVED,
    SHIPPED,
    SOURCE,
    Bytes,
    Count,
    Limit,
    Milliseconds,
    Share,
    circle,
)
from fieldpack.verdict import CONFIDENCE

SIZES = ("installed_bytes", "download_bytes")
COSTS = ("latency_ms", "peak_memory_bytes")
COUNTS = ("instructions", "outside_delegate")
"""Exact, and taken from records of a bench; a build measures none."""
OF_SHIPPED = ("shipped_flips", "shipped_top1_drop")
OF_BACKGROUND = ("background_fires", "background_fires_rise")
OF_ESTIMATES = (
    "rmse_rise",
    "mae_rise",
    "bias_change",
    "worst_bin_bias_change",
    "r2_drop",
    "total_change",
    "coverage_change",
    "coverage_gap",
    "width_rise",
)


def known_target(target: str) -> str:
    """A target's name, as it came.

    Raises
    ------
    ValueError
        No target has it.
    """
    if re.fullmatch(r"host|mac|web|callgrind|(qemu-arm64|adb|ssh|ios):\S+", target) is None:
        raise ValueError(f"no such target; allowed are {KNOWN_TARGETS}")
    return target


KNOWN_TARGETS = "host, qemu-arm64:CPU, callgrind, adb:SERIAL, ssh:HOST, ios:UDID, mac and web"
Target = Annotated[str, AfterValidator(known_target)]


class Limits(Strict):
    """Limits on one flavour. Fractions are between 0 and 1, drops are source minus flavour."""

    installed_bytes: Bytes | None = Field(
        default=None,
        description="size on the phone, bytes, or a share of another",
        examples=[600000, {"share": 0.25, "of": "tflite-float32"}],
    )
    download_bytes: Bytes | None = Field(
        default=None,
        description="size after deflate level 6, bytes, or a share of another",
        examples=[500000, {"share": 0.9, "of": "shipped"}],
    )
    latency_ms: dict[Target, Milliseconds] | None = Field(
        default=None,
        min_length=1,
        description="median time of one run on a named target, ms, or a share of another flavour's",
        examples=[{"host": 5.0}],
    )
    peak_memory_bytes: dict[Target, Bytes] | None = Field(
        default=None,
        min_length=1,
        description="memory that loading and running adds on a named target, bytes, or a share",
        examples=[{"host": 20000000}],
    )
    instructions: dict[Target, Count] | None = Field(
        default=None,
        min_length=1,
        description="instructions of one inference on an emulated target, or a share of the baseline's",
        examples=[{"qemu-arm64:cortex-a76": {"share": 1.001, "of": "baseline"}}],
    )
    outside_delegate: dict[Target, Count] | None = Field(
        default=None,
        min_length=1,
        description="operators that the fast kernels do not take at most, or a share of the baseline's",
        examples=[{"qemu-arm64:cortex-a76": 1}],
    )
    layer_rise: float | None = Field(
        default=None,
        ge=0,
        description="rise of the stored bytes of any layer over the baseline's, as a share of them",
        examples=[0.02],
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
    cmap_drop: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="mean average precision of classes lost at most",
        examples=[0.01],
    )
    auroc_drop: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="mean area under the ROC curve lost at most",
        examples=[0.01],
    )
    f05_drop: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="mean F0.5 at the thresholds of a sigmoid lost at most",
        examples=[0.02],
    )
    false_positive_rise: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="rise of the share of negative labels that fire, at most",
        examples=[0.005],
    )
    background_fires: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="at most this share of [data.background] has a score at the threshold",
        examples=[0.02],
    )
    background_fires_rise: float | None = Field(
        default=None, ge=0, le=1, description="rise of that share over the source's, at most", examples=[0.01]
    )
    range_iou: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="mean overlap of maps with the source's at least, intersection over union",
        examples=[0.98],
    )
    range_iou_p5: float | None = Field(
        default=None, ge=0, le=1, description="overlap that 95 % of the labels reach", examples=[0.9]
    )
    range_iou_smallest: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="mean overlap of the fifth of the labels with the smallest maps at least",
        examples=[0.95],
    )
    range_f1_drop: float | None = Field(
        default=None, ge=0, le=1, description="mean F1 of maps lost at most", examples=[0.005]
    )
    range_f1_drop_p95: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="F1 of maps lost at most by 95 % of the labels",
        examples=[0.02],
    )
    nearby_flips: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="at most this share of observed presences is expected by one model only",
        examples=[0.005],
    )
    max_abs_error: float | None = Field(
        default=None, gt=0, description="largest difference of an output from the source", examples=[0.1]
    )
    rmse_rise: float | None = Field(
        default=None,
        ge=0,
        description="rise of the RMSE over the source's, as a share of it",
        examples=[0.01],
    )
    mae_rise: float | None = Field(
        default=None, ge=0, description="rise of the mean absolute error, as a share of it", examples=[0.01]
    )
    bias_change: float | None = Field(
        default=None,
        ge=0,
        description="change of the mean error, up or down, in the quantity's unit",
        examples=[0.1],
    )
    worst_bin_bias_change: float | None = Field(
        default=None,
        ge=0,
        description="the same in the worst of the interval's bins, by the truth",
        examples=[0.5],
    )
    r2_drop: float | None = Field(default=None, ge=0, description="R2 lost at most", examples=[0.005])
    total_change: float | None = Field(
        default=None,
        ge=0,
        description="change of the sum over all pixels with a truth, as a share of the source's",
        examples=[0.005],
    )
    coverage_change: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="change of the share of truths inside the interval, up or down",
        examples=[0.01],
    )
    coverage_gap: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="distance of that share from the interval's promise",
        examples=[0.02],
    )
    width_rise: float | None = Field(
        default=None, ge=0, description="rise of the interval's mean width, as a share of it", examples=[0.03]
    )

    shipped_flips: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="at most this share has another top-1 than the shipped bundle's flavour",
        examples=[0.03],
    )
    shipped_top1_drop: float | None = Field(
        default=None, ge=0, le=1, description="accuracy lost at most against the shipped one", examples=[0.01]
    )

    def stated(self) -> dict[str, Limit]:
        """The limits that are set, by name; one on a target is called ``latency_ms.host``."""
        return _by_name([self])


class Shipped(Strict):
    """The bundle that phones have now."""

    bundle: str = Field(
        min_length=1, description="its folder or file", examples=["meadow-12-1.0.0.fieldpack"]
    )
    digest: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{64}$", description="refuse any other bundle; its DIGEST"
    )
    flavours: dict[str, str] = Field(
        default_factory=dict,
        description="flavour -> the shipped one that it follows; left out: that of the same name",
        examples=[{"tflite-small": "tflite-int8"}],
    )


class App(Strict):
    """What the app that loads the bundle brings along; a flavour that needs newer software fails."""

    tflite_runtime: str | None = Field(
        default=None, pattern=r"^\d+(\.\d+){1,2}$", description="TFLite runtime", examples=["2.14.0"]
    )
    ios: str | None = Field(
        default=None, pattern=r"^\d+(\.\d+)?$", description="oldest iOS it runs on", examples=["16"]
    )

    @model_validator(mode="after")
    def _states_something(self) -> App:
        if self.tflite_runtime is None and self.ios is None:
            raise ValueError('an app states at least one; example: [budget.app] tflite_runtime = "2.14.0"')
        return self


class Budget(Strict):
    """Limits for every flavour, and more for named ones (a named flavour's limit wins)."""

    shipped: Shipped | None = Field(
        default=None, description="the bundle that shipped_flips, shipped_top1_drop and of = shipped mean"
    )
    app: App | None = Field(default=None, description="what the app brings along")
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
        if self.app is not None:
            return self
        if not self.every.stated() and not any(limits.stated() for limits in self.flavours.values()):
            raise ValueError(
                "a budget states at least one limit; example: [budget.every] top1_agreement = 0.98"
            )
        return self

    @property
    def certainty(self) -> float:
        """The confidence in force."""
        return CONFIDENCE if self.confidence is None else self.confidence

    def limits_of(self, flavour: str) -> dict[str, Limit]:
        """The limits in force for one flavour, by name."""
        own = self.flavours.get(flavour)
        return _by_name([self.every] if own is None else [self.every, own])

    @property
    def names_shipped(self) -> bool:
        """Whether some limit needs the shipped bundle."""
        return any(
            name in OF_SHIPPED or (isinstance(limit, Share) and limit.of == SHIPPED)
            for limits in (self.every, *self.flavours.values())
            for name, limit in limits.stated().items()
        )

    def beside_parity(self, flavour: str) -> list[str]:
        """What the limits of a flavour need that parity does not measure, in words."""
        wanted = set()
        for name, limit in self.limits_of(flavour).items():
            of = f" of {limit.of}" if isinstance(limit, Share) else ""
            if name in OF_SHIPPED:
                wanted.add("answers of shipped")
            elif name in SIZES and isinstance(limit, Share) and limit.of in RESERVED:
                wanted.add(f"sizes{of}")
            elif name not in SIZES and name.partition(".")[0] in COSTS:
                wanted.add(f"{name}{of}")
        return sorted(wanted)

    @model_validator(mode="after")
    def _shares_make_sense(self) -> Budget:
        if self.names_shipped and self.shipped is None:
            raise ValueError(
                "a limit is held against the shipped bundle, and the table `shipped` does not name it"
            )
        for limits in (self.every, *self.flavours.values()):
            for name, limit in limits.stated().items():
                if isinstance(limit, Share) and limit.of == BASELINE and name.partition(".")[0] in COSTS:
                    raise ValueError(
                        f"{name} is a share of the baseline, and times of two days are not compared; "
                        "fieldpack bench run BUNDLE --against OLD takes both in turn"
                    )
                if isinstance(limit, Share) and limit.of == SOURCE and name not in SIZES:
                    raise ValueError(f"a source model has no {name}; hold it against its float32 flavour")
        return self

    def check_flavours(self, names: Collection[str]) -> None:
        """Refuse limits that these flavours cannot have.

        Raises
        ------
        SpecError
            A flavour is limited, or named by ``of``, that is not among them; one is a share of itself;
            shares lead in a circle that nothing keeps.
        """
        limits = {name: self.limits_of(name) for name in names}
        strangers = sorted(set(self.flavours) - set(names))
        if strangers:
            raise SpecError(
                "the budget limits a flavour that the bundle does not have",
                came=", ".join(strangers),
                allowed=", ".join(names),
            )
        for name, stated in limits.items():
            for limit, share in stated.items():
                if isinstance(share, Share):
                    _check_share(name, limit, share, names)
        for limit in {limit for stated in limits.values() for limit in stated}:
            found = circle(
                {n: s for n, stated in limits.items() if isinstance(s := stated.get(limit), Share)}
            )
            if found:
                raise SpecError(
                    f"the shares of {limit} lead in a circle and ask for less each time",
                    came=" of ".join(found),
                    hint="give one of them as a number",
                )

    def check_followers(self, names: Collection[str]) -> None:
        """Refuse ``[shipped] flavours`` of others than these.

        Raises
        ------
        SpecError
            It names another.
        """
        strangers = sorted(set(self.shipped.flavours) - set(names)) if self.shipped else []
        if strangers:
            raise SpecError(
                "[shipped] flavours names a flavour that the bundle does not have",
                came=", ".join(strangers),
                allowed=", ".join(names),
            )


def _check_share(flavour: str, limit: str, share: Share, names: Collection[str]) -> None:
    if share.of in RESERVED and share.of in names:
        raise SpecError(
            f"{limit} of {flavour} is a share of {share.of}, which is the name of a flavour too",
            hint="give that flavour another name",
        )
    if share.flavour is not None and share.flavour not in names:
        raise SpecError(
            f"{limit} of {flavour} is a share of a flavour that the bundle does not have",
            came=share.of,
            allowed=", ".join([*sorted(RESERVED), *(name for name in names if name != flavour)]),
        )
    if share.flavour == flavour:
        raise SpecError(
            f"{limit} of {flavour} is a share of itself",
            hint="state it in [budget.flavours.NAME] of the others, not in [budget.every]",
        )


def _by_name(layers: list[Limits]) -> dict[str, Limit]:
    """What the layers state, a later one over an earlier one; limits on targets one by one."""
    found: dict[str, Limit] = {}
    for name in Limits.model_fields:
        values = [value for layer in layers if (value := getattr(layer, name)) is not None]
        if values and name in (*COSTS, *COUNTS):
            found |= {f"{name}.{target}": limit for target, limit in values[-1].items()}
        elif values:
            found[name] = values[-1]
    return found


def load_budget(path: Path) -> Budget:
    """Read a budget file: TOML with the tables ``[every]``, ``[flavours.NAME]`` and ``[shipped]``.

    The path of the shipped bundle becomes absolute; in the file it is relative to the file.

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
    return with_place(validated(Budget, values, str(path), SpecError), path.resolve().parent)


def with_place(budget: Budget, base: Path) -> Budget:
    """The budget with the path of the shipped bundle made absolute against a folder."""
    if budget.shipped is None:
        return budget
    place = os.path.normpath(base / Path(budget.shipped.bundle).expanduser())
    return budget.model_copy(update={"shipped": budget.shipped.model_copy(update={"bundle": place})})
