"""The head of the report: what this is, and in one sentence whether it may ship."""

from __future__ import annotations

from fieldpack.report.html import Markup, clip, element, join
from fieldpack.report.icons import badge
from fieldpack.report.material import Material
from fieldpack.report.quantity import allowed, count, quantity, size
from fieldpack.report.vocabulary import title
from fieldpack.verdict import Outcome, Verdict, combine

SHORT_DIGEST = 12
LONGEST_DESCRIPTION = 600


def heading(material: Material) -> Markup:
    """Name, version, digest, the outcome in one sentence and four figures at a glance."""
    manifest = material.manifest
    outcome = combine(verdict.outcome for verdict in material.verdicts)
    digest = element(
        "details",
        element("summary", "Digest ", element("code", material.digest[:SHORT_DIGEST], "…")),
        element("code", f"sha256:{material.digest}", class_="full"),
        class_="digest",
    )
    return element(
        "header",
        element("p", "Fieldpack report", class_="kicker"),
        element("h1", manifest.name, " ", element("span", manifest.version, class_="version")),
        element("p", clip(manifest.description, LONGEST_DESCRIPTION), class_="lead"),
        element("div", badge(outcome), element("p", sentence(material)), class_=f"outcome {outcome.value}"),
        element("div", *_tiles(material), class_="tiles"),
        element("div", element("span", "Licence ", clip(manifest.license)), digest, class_="identity"),
    )


def sentence(material: Material) -> Markup:
    """The outcome in plain words."""
    verdicts = material.verdicts
    if not verdicts:
        return join("No limit was set, so nothing was judged.")
    outcome = combine(verdict.outcome for verdict in verdicts)
    decisive = [verdict for verdict in verdicts if verdict.outcome is outcome]
    limits = count(len(verdicts), "limit")
    if outcome is Outcome.PASS:
        return join(f"Ready under this budget: {_all(len(verdicts))} of {_flavours(material)} hold.")
    first = decisive[0]
    verb = "is" if len(decisive) == 1 else "are"
    if outcome is Outcome.FAIL:
        return join(
            f"Not ready: {len(decisive)} of {limits} {verb} broken. ", _named(first), ".", _good(material)
        )
    if outcome is Outcome.NOT_RUN:
        word = "limit has" if len(decisive) == 1 else "limits have"
        return join(
            f"Not known: {len(decisive)} {word} no figure behind it. ",
            _subject(first),
            f": {title(first.name).lower()} was not measured.",
        )
    settle = f", about {first.settles_at:,} examples would settle it" if first.settles_at else ""
    what = "examples leave" if first.figure.n else "rounds of measuring leave"
    return join(f"Not settled: the {what} {len(decisive)} of {limits} open. ", _named(first), f"{settle}.")


def _good(material: Material) -> str | None:
    """The flavours that could ship alone."""
    subjects = dict.fromkeys(verdict.subject for verdict in material.verdicts)
    held = {
        subject: all(v.outcome is Outcome.PASS for v in material.verdicts if v.subject == subject)
        for subject in subjects
    }
    good = [clip(subject) for subject, passed in held.items() if passed]
    if not good:
        return None
    names = " and ".join(good) if len(good) < 3 else f"{len(good)} flavours"
    return f" {names} {'holds' if len(good) == 1 else 'hold'} every limit."


def _all(number: int) -> str:
    return "the one limit" if number == 1 else "both limits" if number == 2 else f"all {number} limits"


def _flavours(material: Material) -> str:
    return count(len({verdict.subject for verdict in material.verdicts}), "flavour")


def _subject(verdict: Verdict) -> Markup:
    return element("b", clip(verdict.subject))


def _named(verdict: Verdict) -> Markup:
    value = quantity(verdict.figure.value, verdict.figure.unit)
    return join(
        _subject(verdict), f": {title(verdict.name).lower()} is {value}, {allowed(verdict)} is allowed"
    )


def _tiles(material: Material) -> list[Markup]:
    flavours, evidence = material.manifest.flavours, material.evidence
    smallest = min(flavours, key=lambda flavour: flavour.installed_bytes)
    held = sum(verdict.outcome is Outcome.PASS for verdict in material.verdicts)
    labelled = "with labels" if evidence.labelled else "without labels"
    return [
        _tile("Limits held", f"{held} of {len(material.verdicts)}", "of the budget"),
        _tile("Flavours", str(len(flavours)), ", ".join(sorted({item.kind.value for item in flavours}))),
        _tile("Smallest", size(smallest.installed_bytes), smallest.name),
        _tile("Measured on", count(evidence.examples, "example"), labelled),
    ]


def _tile(name: str, value: str, note: str) -> Markup:
    return element(
        "div",
        element("span", name, class_="name"),
        element("b", value),
        element("span", note, class_="detail"),
        class_="tile",
    )
