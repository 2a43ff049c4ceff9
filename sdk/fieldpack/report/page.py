"""The whole page: the sections in order, with the style inside and nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from fieldpack.bundle.read import Bundle
from fieldpack.report.classes import class_section
from fieldpack.report.compression import compression_section
from fieldpack.report.estimates import estimate_section
from fieldpack.report.examples import example_section, pictures_within
from fieldpack.report.flavours import flavour_section
from fieldpack.report.heading import heading
from fieldpack.report.html import Markup, element, join
from fieldpack.report.icons import symbols
from fieldpack.report.layers import layer_section
from fieldpack.report.lineage import glossary_section, lineage_section
from fieldpack.report.material import Material, gather
from fieldpack.report.plot import plot_section
from fieldpack.report.verdicts import verdict_section
from fieldpack.verdict import Verdict

LARGEST_BYTES = 1_000_000
MARGIN = 20_000
"""Kept free for the frame of the page and of the pictures."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Browsers refuse every request of the page, so that a bundle cannot make one."""
LINKS = {
    "verdicts": "Verdicts",
    "size": "Size and accuracy",
    "flavours": "How to run",
    "classes": "Classes",
    "estimates": "Estimates",
    "examples": "Examples",
    "layers": "Layers",
    "compression": "Compression",
    "lineage": "Lineage",
    "glossary": "Glossary",
}


def render(bundle: Bundle, verdicts: Sequence[Verdict]) -> str:
    """The report of a bundle as one HTML document, below 1 MB; equal bundles give equal bytes.

    Parameters
    ----------
    bundle : Bundle
        Open; everything shown comes from it.
    verdicts : sequence of Verdict
        A budget held against it, as :func:`fieldpack.gate.hold` returns them.

    Raises
    ------
    BundleError
        The evidence or a file of the bundle is altered or malformed.
    """
    material = gather(bundle, verdicts)
    style = files("fieldpack.report").joinpath("style.css").read_text(encoding="utf-8")
    head = heading(material)
    sections = {
        "verdicts": verdict_section(material),
        "size": plot_section(material),
        "flavours": flavour_section(material),
        "classes": class_section(material),
        "estimates": estimate_section(material),
        "examples": example_section(material, {}),
        "layers": layer_section(material),
        "compression": compression_section(material),
        "lineage": lineage_section(material),
        "glossary": glossary_section(),
    }
    taken = len(join(style, head, *sections.values()).encode())
    pictures = pictures_within(material, LARGEST_BYTES - MARGIN - taken)
    sections["examples"] = example_section(material, pictures)
    return _document(material, style, head, sections)


def _document(material: Material, style: str, top: Markup, sections: dict[str, Markup | None]) -> str:
    shown = {name: content for name, content in sections.items() if content is not None}
    links = [element("a", LINKS[name], href=f"#{name}") for name in shown]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("title", f"{material.manifest.name} {material.manifest.version} – Fieldpack report"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("style", Markup(style)),
    )
    foot = (
        f"fieldpack report · {material.manifest.name} {material.manifest.version} · sha256:{material.digest}"
    )
    body = element(
        "body",
        symbols(),
        element("a", "To the verdicts", href="#verdicts", class_="skip"),
        top,
        element("nav", *links, aria_label="Sections"),
        element("main", *shown.values()),
        element("footer", foot),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"
