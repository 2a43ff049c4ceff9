"""The frame that every section has: a heading that can be linked to, and its content."""

from __future__ import annotations

from fieldpack.report.html import Child, Markup, element


def section(name: str, heading: str, *content: Child) -> Markup:
    """One section of the page; `name` is its anchor."""
    return element(
        "section",
        element("h2", heading, id=f"{name}-title"),
        *content,
        id=name,
        aria_labelledby=f"{name}-title",
    )
