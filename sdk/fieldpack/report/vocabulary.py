"""The words of the report: what each figure is called, and the glossary."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "installed_bytes": "Size on the phone",
        "download_bytes": "Size of the download",
        "finite": "Items without a broken number",
        "top1_agreement": "Same top answer as the source",
        "top5_agreement": "Source's answer among the top five",
        "genus_agreement": "Same genus as the source",
        "family_agreement": "Same family as the source",
        "order_agreement": "Same order as the source",
        "class_agreement": "Same class as the source",
        "phylum_agreement": "Same phylum as the source",
        "kingdom_agreement": "Same kingdom as the source",
        "margin_flips": "Clear answers that changed",
        "cell_flips": "Labels that crossed their threshold",
        "mean_kl": "Mean KL divergence from the source",
        "centred_cosine": "Centred cosine with the source",
        "worst_centred_cosine": "Lowest centred cosine of an output",
        "cosine": "Plain cosine with the source",
        "max_abs_error": "Largest difference of an output",
        "mean_abs_error": "Mean difference of an output",
        "rmse": "Root mean square difference",
        "bias": "Mean shift, flavour less source",
        "worst_slice_agreement": "Agreement in the worst slice",
        "worst_slice_drop": "Accuracy lost in the worst slice",
        "worst_pooled_slice_drop": "Accuracy lost in the worst slice or group of rare classes",
        "source_nll": "Mean negative log likelihood, source",
        "flavour_nll": "Mean negative log likelihood, flavour",
        "nll_rise": "Rise of the negative log likelihood",
        "source_cmap": "Mean average precision of classes, source",
        "flavour_cmap": "Mean average precision of classes, flavour",
        "cmap_drop": "Mean average precision of classes lost",
        "source_auroc": "Mean area under the ROC curve, source",
        "flavour_auroc": "Mean area under the ROC curve, flavour",
        "auroc_drop": "Mean area under the ROC curve lost",
        "source_f05": "Mean F0.5 at the thresholds, source",
        "flavour_f05": "Mean F0.5 at the thresholds, flavour",
        "f05_drop": "Mean F0.5 at the thresholds lost",
        "range_iou": "Mean overlap of maps with the source's",
        "range_iou_p5": "Overlap of maps that 95 % of labels reach",
        "range_iou_smallest": "Mean overlap of the smallest fifth of maps",
        "nearby_flips": "Expected labels that changed",
        "source_range_f1": "Mean F1 of maps, source",
        "flavour_range_f1": "Mean F1 of maps, flavour",
        "range_f1_drop": "Mean F1 of maps lost",
        "range_f1_drop_p95": "F1 of maps lost that 95 % of labels keep below",
        "source_top1": "Top-1 accuracy of the source",
        "flavour_top1": "Top-1 accuracy of the flavour",
        "top1_drop": "Top-1 accuracy lost",
        "source_top5": "Top-5 accuracy of the source",
        "flavour_top5": "Top-5 accuracy of the flavour",
        "top5_drop": "Top-5 accuracy lost",
        "source_macro_recall": "Mean recall of classes, source",
        "flavour_macro_recall": "Mean recall of classes, flavour",
        "macro_recall_drop": "Mean recall of classes lost",
        "source_false_positives": "False positives of the source",
        "flavour_false_positives": "False positives of the flavour",
        "false_positive_rise": "Rise of false positives",
        "source_background_fires": "Background on which the source fires",
        "background_fires": "Background on which the flavour fires",
        "background_fires_rise": "Rise of firing on the background",
        "source_rmse": "Root mean square error, source",
        "flavour_rmse": "Root mean square error, flavour",
        "rmse_rise": "Rise of the root mean square error",
        "source_mae": "Mean absolute error, source",
        "flavour_mae": "Mean absolute error, flavour",
        "mae_rise": "Rise of the mean absolute error",
        "source_bias": "Mean error, source",
        "flavour_bias": "Mean error, flavour",
        "bias_change": "Change of the mean error",
        "worst_bin_bias_change": "Change of the mean error in the worst bin",
        "source_r2": "R2 of the source",
        "flavour_r2": "R2 of the flavour",
        "r2_drop": "R2 lost",
        "source_total_error": "Error of the total, source",
        "flavour_total_error": "Error of the total, flavour",
        "total_change": "Change of the total",
        "source_coverage": "Truths inside the interval, source",
        "flavour_coverage": "Truths inside the interval, flavour",
        "coverage_change": "Change of the share inside the interval",
        "coverage_gap": "Distance of that share from the promise",
        "source_width": "Mean width of the interval, source",
        "flavour_width": "Mean width of the interval, flavour",
        "width_rise": "Rise of the interval's width",
        "shipped_flips": "Answers that differ from the shipped version",
        "shipped_top1_drop": "Top-1 accuracy lost against the shipped version",
        "latency_ms": "Time of one run",
        "peak_memory_bytes": "Memory that loading and running adds",
        "instructions": "Instructions of one run",
        "outside_delegate": "Operators outside the fast kernels",
        "layer_rise": "Largest rise of a layer's stored bytes",
        "tflite_runtime": "TFLite runtime that it needs",
        "ios": "iOS that it needs",
    }
)

EVIDENCE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "device": "Ran on a real phone. The strongest class: what users get.",
        "host": "Ran on a computer with the runtime that the phone uses. Numbers carry over, speed does not.",
        "emulated": "Ran on an emulated phone processor. Instruction counts repeat exactly; "
        "times are not given.",
        "reference": "Ran on Fieldpack's own interpreter of the format, in two precisions that the "
        "phone may use. The worse one counts.",
        "estimated": "Computed from the file without running it, such as the size of a download.",
        "not_run": "Nobody measured it. A limit without a figure never passes.",
    }
)

GLOSSARY: Mapping[str, str] = MappingProxyType(
    {
        "Source model": "The model that the server team trained. Every figure compares a flavour with it "
        "on the same examples.",
        "Flavour": "One executable form of the model, such as an int8 TFLite file or a Core ML package. "
        "An app ships one for each platform.",
        "Agreement": "Share of examples on which a flavour gives the same top answer as the source. "
        "It needs no labels and sees small damage early.",
        "Top-1 accuracy, drop": "Share of labelled examples whose top answer is right; the drop is source "
        "less flavour on the same examples, so a positive drop is a loss.",
        "Margin flip": "The top answer changed although the source was clearly ahead of its second "
        "choice. Flips of coin-toss answers do not count.",
        "KL divergence": "Distance between the probabilities of source and flavour, in nats. Zero is "
        "equal; it sees changes of confidence that leave the top answer alone.",
        "95 % bounds": "Each bound is wrong at most one time in twenty. A limit passes only when the "
        "bound on its side keeps it, fails only when the other breaks it, "
        "also among all limits of the budget.",
        "Inconclusive": "The examples at hand settle neither pass nor fail. “To settle” says about how "
        "many would, at the rates seen so far.",
        "Slice": "Examples that share a property, such as a taxon group or a recorder. The worst one has "
        "a figure of its own; small ones are pooled first.",
        "SQNR": "Signal to noise of a layer in decibels: 40 dB is an error of 1 %, 20 dB of 10 %, "
        "0 dB of 100 % of the signal.",
        "Golden vectors": "Real inputs stored in the bundle with the outputs expected on them. Run them on "
        "the phone to know that the app feeds the model rightly.",
    }
)


def title(name: str) -> str:
    """The plain title of a figure, such as ``latency_ms.host``; an unknown one keeps its name."""
    measure, _, target = name.partition(".")
    text = TITLES.get(measure, measure.replace("_", " "))
    return f"{text}, on {target}" if target else text
