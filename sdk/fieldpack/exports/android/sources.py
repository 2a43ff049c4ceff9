"""What fills the marks of the Kotlin sources: typed inputs and answers, and the facts of one bundle."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.exports.app_files import AppFiles
from fieldpack.exports.facts import bundle_facts
from fieldpack.exports.golden_files import golden_count
from fieldpack.exports.literals import identifiers, kotlin
from fieldpack.exports.rules import KINDS

TYPES = {
    "picture": "Pixels",
    "recording": "Recording",
    "place": "Place",
    "tile": "Tile",
    "numbers": "FloatArray",
}
EXAMPLES = {
    "picture": "pixelsOf(bitmap)",
    "recording": "Recording(48000, listOf(samples))",
    "place": "Place(latitude, longitude)",
    "tile": "Tile(bands)",
    "numbers": "numbers",
}
PREPARED = {
    "picture": "listOf(numbers(prepareImage(value, Facts.rule{n})))",
    "recording": "windowsOf(value, Facts.rule{n}, filters)",
    "place": "listOf(encodePlace(value, Facts.rule{n}))",
    "tile": "listOf(prepareTile(value, Facts.rule{n}))",
    "numbers": "listOf(checkedNumbers(value, Facts.rule{n}))",
}
"""How each kind of input is prepared; every kind but a recording is one window."""


def sources(bundle: Bundle, flavour: FlavourEntry, app: AppFiles) -> dict[str, str]:
    """Mark -> Kotlin."""
    contract = bundle.manifest.contract
    inputs = identifiers(item.name for item in contract.inputs)
    outputs = identifiers(item.name for item in contract.outputs)
    kinds = [KINDS[item.kind] for item in contract.inputs]
    typed = list(zip(inputs, kinds, strict=True))
    return {
        "INPUT_FIELDS": _items([f"val {name}: {TYPES[kind]}" for name, kind in typed]),
        "OUTPUT_FIELDS": _items([f"val {name}: Answer" for name in outputs]),
        "PREPARE": "\n\n".join(_prepare(number, kind) for number, kind in enumerate(kinds)),
        "PREPARED": _items([_prepared(n, name, kind) for n, (name, kind) in enumerate(typed)]),
        "ANSWERS": _items(
            [f"Answer(Facts.outputs[{n}], pooled[{n}], words[{n}])" for n in range(len(outputs))]
        ),
        "EXAMPLE": ", ".join(EXAMPLES[kind] for kind in kinds),
        "CASES": "\n".join(_case(number, kind) for number, kind in enumerate(kinds)),
        **_facts(bundle, flavour, app),
    }


def _prepare(number: int, kind: str) -> str:
    more = ", filters: Coefficients" if kind == "recording" else ""
    body = PREPARED[kind].format(n=number)
    return f"internal fun prepare{number}(value: {TYPES[kind]}{more}): List<FloatArray> =\n    {body}"


def _prepared(number: int, name: str, kind: str) -> str:
    more = f", filters[{number}]" if kind == "recording" else ""
    return f"prepare{number}(inputs.{name}{more})"


def _case(number: int, kind: str) -> str:
    more = f", filters[{number}]" if kind == "recording" else ""
    return f"        {number} -> prepare{number}({kind}Of(numbers){more})"


def _facts(bundle: Bundle, flavour: FlavourEntry, app: AppFiles) -> dict[str, str]:
    facts = bundle_facts(bundle.manifest, flavour, app)
    return {
        "NAME_TEXT": kotlin(bundle.manifest.name),
        "VERSION_TEXT": kotlin(bundle.manifest.version),
        "DESCRIPTION_TEXT": kotlin(bundle.manifest.description),
        "FOLDER_TEXT": kotlin(f"fieldpack/{bundle.manifest.name}"),
        "MODEL_TEXT": kotlin(app.model),
        "DIGESTS": ", ".join(kotlin(item) for item in facts.digests),
        "RULES": "\n".join(f"    val rule{n} = {kotlin(rule)}" for n, rule in enumerate(facts.input_rules)),
        "INPUT_BORDERS": _items([kotlin(item) for item in facts.input_borders], 2),
        "OUTPUT_BORDERS": _items([kotlin(item) for item in facts.output_borders], 2),
        "OUTPUT_RULES": _items([kotlin(item) for item in facts.output_rules], 2),
        "FRONT_ENDS": _items([kotlin(item) for item in facts.front_ends], 2),
        "FILTERS": _items([_paths(item) for item in app.coefficients], 2),
        "WORDS": _items([kotlin(item) for item in facts.words], 2),
        "POOLING": kotlin(facts.pooling),
        "GOLDEN_COUNT": str(golden_count(bundle)),
        "TOLERANCES": ", ".join(kotlin(item) for item in facts.tolerances),
    }


def _paths(paths: dict[int, str]) -> str:
    pairs = ", ".join(f"{rate} to {kotlin(path)}" for rate, path in paths.items())
    return f"mapOf({pairs})" if pairs else "emptyMap()"


def _items(lines: Sequence[str], depth: int = 1) -> str:
    """Items between brackets, one a line."""
    return ",\n".join("    " * depth + line for line in lines)
