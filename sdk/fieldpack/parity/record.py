"""What a comparison returns: figures for the verdicts, details for the report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from fieldpack.errors import InputError
from fieldpack.statistics.interval import Interval
from fieldpack.verdict import Evidence, Figure, stored_number

UNITS: Mapping[str, str] = MappingProxyType(
    {
        # Without labels.
        "finite": "fraction",
        "top1_agreement": "fraction",
        "top5_agreement": "fraction",
        "genus_agreement": "fraction",
        "family_agreement": "fraction",
        "order_agreement": "fraction",
        "class_agreement": "fraction",
        "phylum_agreement": "fraction",
        "kingdom_agreement": "fraction",
        "margin_flips": "fraction",
        "cell_flips": "fraction",
        "mean_kl": "nats",
        "centred_cosine": "ratio",
        "worst_centred_cosine": "ratio",
        "cosine": "ratio",
        "max_abs_error": "output",
        "mean_abs_error": "output",
        "rmse": "output",
        "bias": "output",
        "worst_slice_agreement": "fraction",
        # With labels.
        "source_top1": "fraction",
        "flavour_top1": "fraction",
        "top1_drop": "fraction",
        "source_top5": "fraction",
        "flavour_top5": "fraction",
        "top5_drop": "fraction",
        "source_macro_recall": "fraction",
        "flavour_macro_recall": "fraction",
        "macro_recall_drop": "fraction",
        "source_false_positives": "fraction",
        "flavour_false_positives": "fraction",
        "false_positive_rise": "fraction",
        "worst_slice_drop": "fraction",
        "worst_pooled_slice_drop": "fraction",
        "source_nll": "nats",
        "flavour_nll": "nats",
        "nll_rise": "nats",
        "source_cmap": "fraction",
        "flavour_cmap": "fraction",
        "cmap_drop": "fraction",
        "source_auroc": "fraction",
        "flavour_auroc": "fraction",
        "auroc_drop": "fraction",
        "source_f05": "fraction",
        "flavour_f05": "fraction",
        "f05_drop": "fraction",
        # Maps of labels with thresholds of their own.
        "range_iou": "fraction",
        "range_iou_p5": "fraction",
        "range_iou_smallest": "fraction",
        "nearby_flips": "fraction",
        "source_range_f1": "fraction",
        "flavour_range_f1": "fraction",
        "range_f1_drop": "fraction",
        "range_f1_drop_p95": "fraction",
        # With true values of a quantity.
        "source_rmse": "output",
        "flavour_rmse": "output",
        "rmse_rise": "ratio",
        "source_mae": "output",
        "flavour_mae": "output",
        "mae_rise": "ratio",
        "source_bias": "output",
        "flavour_bias": "output",
        "bias_change": "output",
        "worst_bin_bias_change": "output",
        "source_r2": "ratio",
        "flavour_r2": "ratio",
        "r2_drop": "ratio",
        "source_total_error": "ratio",
        "flavour_total_error": "ratio",
        "total_change": "ratio",
        "source_coverage": "fraction",
        "flavour_coverage": "fraction",
        "coverage_change": "fraction",
        "coverage_gap": "fraction",
        "source_width": "output",
        "flavour_width": "output",
        "width_rise": "ratio",
        # Where there is nothing.
        "source_background_fires": "fraction",
        "background_fires": "fraction",
        "background_fires_rise": "fraction",
        # Against a shipped flavour.
        "shipped_flips": "fraction",
        "shipped_top1_drop": "fraction",
    }
)
"""Every figure that parity knows, and its unit; ``output`` is the unit of the model's output."""


@dataclass(frozen=True, slots=True)
class ClassChange:
    """What happened to one class; ``low`` and ``high`` bound the drop in recall."""

    index: int
    n: int
    source_recall: float
    flavour_recall: float
    losses: int
    gains: int
    low: float
    high: float

    def as_dict(self) -> dict[str, object]:
        """Plain data, floats rounded."""
        return _rounded(self)


@dataclass(frozen=True, slots=True)
class SliceChange:
    """What happened within one slice; accuracy is ``None`` without labels.

    ``items`` are all items of the slice, ``n`` those with a usable label; ``low`` and ``high``
    bound the accuracy drop.
    """

    items: int
    agreement: float | None
    n: int
    source_top1: float | None
    flavour_top1: float | None
    losses: int
    gains: int
    drop: float | None
    low: float | None
    high: float | None

    def as_dict(self) -> dict[str, object]:
        """Plain data, floats rounded."""
        return _rounded(self)


@dataclass(frozen=True, slots=True)
class Example:
    """One item on which source and flavour differ most.

    ``divergence`` is NaN when an output was not finite; a top-1 is then -1.
    """

    index: int
    divergence: float
    source_top1: int
    flavour_top1: int
    source_probability: float
    flavour_probability: float

    def as_dict(self) -> dict[str, object]:
        """Plain data, floats rounded."""
        return _rounded(self)


@dataclass(frozen=True, slots=True)
class OutputChange:
    """What happened to one output of a regression; all in the unit of that output."""

    index: int
    max_abs_error: float
    mean_abs_error: float
    rmse: float
    bias: float
    centred_cosine: float | None

    def as_dict(self) -> dict[str, object]:
        """Plain data, floats rounded."""
        return _rounded(self)


@dataclass(frozen=True, slots=True)
class Parity:
    """The comparison of one flavour with the source model.

    Parameters
    ----------
    items, outputs : int
        Size of what was compared, [N, C].
    finite : bool
        Whether every number of both models was finite.
    figures : tuple of Figure
        Names and units as in :data:`UNITS`.
    counts : mapping
        Whole numbers: ``losses``, ``gains``, ``labelled``, ``unlabelled``, ``unknown_labels``,
        ``source_ties``, ``flavour_ties``, ``flips``, ``blocks`` (groups, where told), ...
    classes : tuple of ClassChange
        Classes with at least one label, by index.
    slices : mapping
        Name of the slice, then its value.
    worst_slice : (str, str), optional
        Name and value of the pooled slice behind ``worst_slice_drop`` (or, without labels,
        ``worst_slice_agreement``).
    worst : tuple of Example
        Largest divergence first.
    output_changes : tuple of OutputChange
        For regressions.
    notes : tuple of str
        What a reader must know.
    """

    items: int
    outputs: int
    finite: bool
    figures: tuple[Figure, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    classes: tuple[ClassChange, ...] = ()
    slices: Mapping[str, Mapping[str, SliceChange]] = field(default_factory=dict)
    worst_slice: tuple[str, str] | None = None
    worst: tuple[Example, ...] = ()
    output_changes: tuple[OutputChange, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def of_values(self) -> bool:
        """Whether plain values were compared, and no scores of classes."""
        return any(figure.name == "rmse" for figure in self.figures)

    def figure(self, name: str) -> Figure:
        """The figure of that name; one without a value if this comparison could not measure it.

        Raises
        ------
        InputError
            When parity knows no figure of that name.
        """
        if name not in UNITS:
            raise InputError("parity has no such figure", came=name, allowed=", ".join(UNITS))
        for figure in self.figures:
            if figure.name == name:
                return figure
        return Figure(name, None, UNITS[name], Evidence.NOT_RUN)

    def as_dict(self) -> dict[str, object]:
        """JSON-safe data with a fixed set of keys; equal inputs give equal data."""
        return {
            "items": self.items,
            "outputs": self.outputs,
            "finite": self.finite,
            "figures": [figure.as_dict() for figure in self.figures],
            "counts": dict(sorted(self.counts.items())),
            "classes": [change.as_dict() for change in self.classes],
            "slices": {
                name: {value: change.as_dict() for value, change in sorted(values.items())}
                for name, values in sorted(self.slices.items())
            },
            "worst_slice": list(self.worst_slice) if self.worst_slice else None,
            "worst": [example.as_dict() for example in self.worst],
            "output_changes": [change.as_dict() for change in self.output_changes],
            "notes": list(self.notes),
        }


def bounded_figure(name: str, interval: Interval, evidence: Evidence, n: int | None = None) -> Figure:
    """A figure with its interval; without a value when there were no items.

    An infinite bound becomes ``None``: nothing is known on that side.
    """
    if interval.n == 0:
        return Figure(name, None, UNITS[name], evidence, 0)
    low = interval.low if math.isfinite(interval.low) else None
    high = interval.high if math.isfinite(interval.high) else None
    return Figure(name, interval.estimate, UNITS[name], evidence, interval.n if n is None else n, low, high)


def exact_figure(name: str, value: float | None, evidence: Evidence, n: int) -> Figure:
    """A figure that describes exactly the items at hand, without a claim about others."""
    return Figure(name, value if n else None, UNITS[name], evidence, n)


def _rounded(change: ClassChange | SliceChange | Example | OutputChange) -> dict[str, object]:
    return {name: stored_number(getattr(change, name)) for name in change.__slots__}
