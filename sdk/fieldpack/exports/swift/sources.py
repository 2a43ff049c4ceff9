"""What fills the marks of the Swift sources: typed inputs and answers, and the facts of one bundle."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.exports.app_files import AppFiles
from fieldpack.exports.facts import bundle_facts
from fieldpack.exports.golden_files import golden_count
from fieldpack.exports.literals import identifiers, swift
from fieldpack.exports.rules import KINDS

TYPES = {
    "picture": "Pixels",
    "recording": "Recording",
    "place": "Place",
    "tile": "Tile",
    "numbers": "[Float]",
}
EXAMPLES = {
    "picture": "try Pixels.from(image)",
    "recording": "Recording(sampleRateHz: 48000, channels: [samples])",
    "place": "Place(latitudeDegrees: latitude, longitudeDegrees: longitude)",
    "tile": "Tile(bands: bands)",
    "numbers": "numbers",
}
PREPARED = {
    "picture": "[try prepareImage(value, Facts.rule{n}).numbers]",
    "recording": "try windows(of: value, Facts.rule{n}, filters)",
    "place": "[try encodePlace(value, Facts.rule{n})]",
    "tile": "[try prepareTile(value, Facts.rule{n})]",
    "numbers": "[try checkedNumbers(value, Facts.rule{n})]",
}
"""How each kind of input is prepared; every kind but a recording is one window."""


def sources(bundle: Bundle, flavour: FlavourEntry, app: AppFiles) -> dict[str, str]:
    """Mark -> Swift."""
    contract = bundle.manifest.contract
    inputs = identifiers(item.name for item in contract.inputs)
    outputs = identifiers(item.name for item in contract.outputs)
    kinds = [KINDS[item.kind] for item in contract.inputs]
    typed = list(zip(inputs, kinds, strict=True))
    return {
        "INPUT_FIELDS": _lines([f"    public let {name}: {TYPES[kind]}" for name, kind in typed]),
        "INIT_PARAMETERS": ", ".join(f"{name}: {TYPES[kind]}" for name, kind in typed),
        "INIT_BODY": _lines([f"        self.{name} = {name}" for name in inputs]),
        "OUTPUT_FIELDS": _lines([f"    public let {name}: Answer" for name in outputs]),
        "PREPARE": "\n\n".join(_prepare(number, kind) for number, kind in enumerate(kinds)),
        "PREPARED": _items([_prepared(n, f"inputs.{name}", kind) for n, (name, kind) in enumerate(typed)]),
        "ANSWERS": _items([_answer(number, name) for number, name in enumerate(outputs)]),
        "EXAMPLE": ", ".join(f"{name}: {EXAMPLES[kind]}" for name, kind in typed),
        "CASES": _lines([_case(number, kind) for number, kind in enumerate(kinds)]),
        **_facts(bundle, flavour, app),
    }


def _prepare(number: int, kind: str) -> str:
    more = ", _ filters: Coefficients" if kind == "recording" else ""
    body = PREPARED[kind].format(n=number)
    return f"func prepare{number}(_ value: {TYPES[kind]}{more}) throws -> [[Float]] {{\n    {body}\n}}"


def _prepared(number: int, value: str, kind: str) -> str:
    more = f", filters[{number}]" if kind == "recording" else ""
    return f"try prepare{number}({value}{more})"


def _case(number: int, kind: str) -> str:
    return f"        case {number}: return {_prepared(number, f'try {kind}Of(source)', kind)}"


def _answer(number: int, name: str) -> str:
    return (
        f"{name}: try Answer(rule: Facts.outputs[{number}], values: pooled[{number}], words: words[{number}])"
    )


def _facts(bundle: Bundle, flavour: FlavourEntry, app: AppFiles) -> dict[str, str]:
    facts = bundle_facts(bundle.manifest, flavour, app)
    rules = [f"    static let rule{n} = {swift(rule)}" for n, rule in enumerate(facts.input_rules)]
    return {
        "NAME_TEXT": swift(bundle.manifest.name),
        "VERSION_TEXT": swift(bundle.manifest.version),
        "DESCRIPTION_TEXT": swift(bundle.manifest.description),
        "MODEL_TEXT": swift(app.model),
        "DIGESTS": ", ".join(swift(item) for item in facts.digests),
        "RULES": _lines(rules),
        "INPUT_BORDERS": _items([swift(item) for item in facts.input_borders]),
        "OUTPUT_BORDERS": _items([swift(item) for item in facts.output_borders]),
        "OUTPUT_RULES": _items([swift(item) for item in facts.output_rules]),
        "FRONT_ENDS": _items([swift(item) for item in facts.front_ends]),
        "FILTERS": _items([_paths(item) for item in app.coefficients]),
        "WORDS": _items([swift(item) for item in facts.words]),
        "POOLING": swift(facts.pooling),
        "GOLDEN_COUNT": str(golden_count(bundle)),
        "TOLERANCES": ", ".join(swift(item) for item in facts.tolerances),
    }


def _paths(paths: dict[int, str]) -> str:
    pairs = ", ".join(f"{rate}: {swift(path)}" for rate, path in paths.items())
    return f"[{pairs or ':'}]"


def _lines(lines: Sequence[str]) -> str:
    return "\n".join(lines)


def _items(lines: Sequence[str]) -> str:
    """Items between brackets, one a line."""
    return ",\n".join(f"        {line}" for line in lines)
