"""Where the bundle comes from, how to build it again, and what the words mean."""

from __future__ import annotations

from fieldpack.report.html import Child, Markup, clip, element, join
from fieldpack.report.material import Material
from fieldpack.report.quantity import count
from fieldpack.report.section import section
from fieldpack.report.vocabulary import EVIDENCE_WORDS, GLOSSARY

MOST_TOOLS = 60


def lineage_section(material: Material) -> Markup:
    """Source, data, tools and the command that proves them."""
    lineage, manifest, evidence = material.manifest.lineage, material.manifest, material.evidence
    source = f"{clip(lineage.source_kind)}, {count(lineage.source_parameters, 'parameter')}"
    tools = [
        element("li", element("code", clip(name, 60), " ", clip(version, 40)))
        for name, version in sorted(lineage.tools.items())[:MOST_TOOLS]
    ]
    left_out = f"; {count(evidence.left_out, 'example')} left out" if evidence.left_out else ""
    facts: list[Child] = [
        *_fact("Source model", join(source, _digest(lineage.source_digest))),
        *_fact("Spec", _digest(lineage.spec_digest)),
        *_fact("Seed", str(lineage.seed)),
    ]
    for name, data in sorted(lineage.data.items()):
        extra = left_out if name == "evaluation" else ""
        text = f"{clip(data.description, 300)}: {count(data.count, 'item')}{extra}"
        facts += _fact(f"Data: {clip(name, 40)}", join(text, _digest(data.digest)))
    facts += _fact(
        "Golden vectors",
        f"{count(len(manifest.golden.ids), 'real input')} with the source's outputs, inside the bundle",
    )
    facts += _fact("Tools", element("ul", *tools, class_="chips"))
    again = element(
        "p",
        "Build it again from the same spec and data, and compare every byte: ",
        element("code", "fieldpack rebuild pack.toml --check BUNDLE"),
        ". Check a copy, golden vectors included: ",
        element("code", "fieldpack verify BUNDLE"),
        ".",
    )
    return section("lineage", "Lineage", element("dl", *facts, class_="facts"), again)


def glossary_section() -> Markup:
    """The words of the report, in two lines each."""
    words = [element("div", *_fact(word, text)) for word, text in GLOSSARY.items()]
    classes = [element("div", *_fact(word.replace("_", " "), text)) for word, text in EVIDENCE_WORDS.items()]
    return section(
        "glossary",
        "Glossary",
        element("dl", *words, class_="glossary"),
        element("h3", "Evidence: where a figure comes from"),
        element("dl", *classes, class_="glossary"),
    )


def _fact(name: str, value: Child) -> tuple[Markup, Markup]:
    return element("dt", name), element("dd", value)


def _digest(digest: str) -> Markup:
    return element("code", f"sha256:{digest}", class_="full")
