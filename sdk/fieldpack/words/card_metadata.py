"""The YAML at the head of a model card, by Hugging Face's specification.

Of ``modelcard.md`` and ``docs/hub/repositories-licenses.md`` in the repository huggingface/hub-docs: in
``model-index`` the type of the task, the type and name of the data set, and type and value of a metric are
required. Values are the bundle's own, unrounded; the revision of a data set is its digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from fieldpack.contract import ImageInput, LocationInput, SpectrogramInput, WaveformInput
from fieldpack.words.record import Record
from fieldpack.words.said import Said, joined, say
from fieldpack.words.stated import Stated, measured, plain, titled

LICENSES = frozenset({
    "apache-2.0", "mit", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd-2-clause", "bsd-3-clause",
    "bsd-3-clause-clear", "c-uda", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0",
    "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0",
    "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
    "cdla-sharing-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "wtfpl", "ecl-2.0", "epl-1.0",
    "epl-2.0", "etalab-2.0", "eupl-1.1", "agpl-3.0", "gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0", "isc",
    "lppl-1.3c", "ms-pl", "mpl-2.0", "odc-by", "odbl", "osl-3.0", "postgresql", "ofl-1.1", "ncsa",
    "unlicense", "zlib", "pddl",
})  # fmt: skip
"""Identifiers of the Hub that an SPDX identifier can mean."""
SUFFIXES = ("-only", "-or-later", "-1.0")
"""What SPDX appends to names that the Hub has without it."""
METRICS: Mapping[str, str] = MappingProxyType(
    {
        "flavour_top1": "accuracy",
        "flavour_top5": "top_k_accuracy",
        "flavour_macro_recall": "recall",
        "flavour_cmap": "mean_average_precision",
        "flavour_auroc": "roc_auc",
        "flavour_f05": "fbeta",
        "flavour_range_f1": "f1",
        "flavour_rmse": "rmse",
        "flavour_mae": "mae",
        "flavour_r2": "r_squared",
        "flavour_coverage": "coverage",
        "top1_agreement": "agreement",
    }
)
"""Figure -> type of a metric; the Hub's identifier where it has one."""
EVALUATION = "evaluation"
Tree = Said | str | Mapping[str, "Tree"] | Sequence["Tree"]
"""A value of the YAML: a scalar that is ready, a plain word, a mapping or a list."""


def metadata(record: Record) -> Said:
    """The block with its two rulers."""
    manifest, task = record.manifest, pipeline(record)
    fields: dict[str, Tree] = dict(_license(manifest["license"]))
    fields["library_name"] = "fieldpack"
    if task is not None:
        fields["pipeline_tag"] = task
    fields["tags"] = ["fieldpack", *dict.fromkeys(item.kind.value for item in record.typed.flavours)]
    results = list(_results(record, task or "other"))
    if results:
        fields["model-index"] = [{"name": scalar(manifest["name"]), "results": results}]
    return say("---\n{}\n---", joined(_mapping(fields, ""), "\n"))


def pipeline(record: Record) -> str | None:
    """The Hub's word for the task, where it has one for what goes in and comes out."""
    contract = record.typed.contract
    classifies = all(output.activation.classifies for output in contract.outputs)
    if len(contract.inputs) != 1 or not classifies:
        return None
    given = contract.inputs[0]
    if isinstance(given, ImageInput):
        return "image-classification"
    if isinstance(given, SpectrogramInput | WaveformInput):
        return "audio-classification"
    return "tabular-classification" if isinstance(given, LocationInput) else None


def scalar(stated: Stated) -> Said:
    """A value as a YAML scalar: numbers as they stand, texts in double quotes."""
    value = stated.value
    return stated.written(quoted(value) if isinstance(value, str) else repr(value))


def quoted(text: str) -> str:
    """A text in double quotes (YAML 1.2, section 7.3.1), characters without a shape as escapes."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter == " " or (letter.isprintable() and not "\ud800" <= letter <= "\udfff"):
        return letter
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"


def _license(stated: Stated) -> Iterator[tuple[str, Said | str]]:
    given = str(stated.value).lower()
    spellings = (given, *(given.removesuffix(suffix) for suffix in SUFFIXES))
    known = next((name for name in spellings if name in LICENSES), None)
    if known is not None:
        yield "license", stated.written(known)
        return
    yield "license", "other"
    yield "license_name", scalar(stated)


def _results(record: Record, task: str) -> Iterator[Tree]:
    """One a flavour and what was measured of it."""
    data = record.manifest["lineage"]["data"].get(EVALUATION)
    if data is None:
        return
    dataset: Tree = {
        "type": "custom",
        "name": scalar(data["description"]),
        "split": EVALUATION,
        "revision": scalar(data["digest"]),
        "args": {"examples": scalar(data["count"])},
    }
    subjects = record.subjects()
    for flavour in record.manifest["flavours"]:
        for subject in subjects:
            named = [plain(flavour["name"]), *([plain(subject.name)] if len(subjects) > 1 else [])]
            found = subject.measured.get(flavour["name"].value)
            metrics = [] if found is None else list(_metrics(found, named))
            if metrics:
                yield {"task": {"type": task}, "dataset": dataset, "metrics": metrics}


def _metrics(found: Stated, subjects: Sequence[Said]) -> Iterator[Tree]:
    for figure in found.get("figures") or ():
        kind = METRICS.get(figure["name"].value)
        if kind is None or not measured(figure):
            continue
        subject = joined([titled(figure["name"]), *subjects], ", ")
        yield {
            "type": figure["name"].written(kind),
            "value": scalar(figure["value"]),
            "name": say('"{} (evidence: {})"', subject, plain(figure["evidence"])),
        }


def _mapping(fields: Mapping[str, Tree], indent: str) -> Iterator[Said]:
    for key, value in fields.items():
        if isinstance(value, Said | str):
            yield say("{}{}: {}", say(indent), say(key), _leaf(value))
            continue
        yield say("{}{}:", say(indent), say(key))
        deeper = f"{indent}  "
        yield from _mapping(value, deeper) if isinstance(value, Mapping) else _list(value, indent)


def _list(values: Sequence[Tree], indent: str) -> Iterator[Said]:
    for value in values:
        if isinstance(value, Mapping):
            lines = list(_mapping(value, ""))
            yield say("{}- {}", say(indent), lines[0])
            yield from (say("{}  {}", say(indent), line) for line in lines[1:])
        else:
            yield say("{}- {}", say(indent), _leaf(value))


def _leaf(value: Tree) -> Said:
    return value if isinstance(value, Said) else say(str(value))
