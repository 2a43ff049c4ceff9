"""Do both readers understand the files: ``taxonomy.csv`` on Android, ``taxonomy.json`` on iOS?

Android's reader locates columns by the header's names, splits each trimmed row at commas into as many
cells as the header has, knows no quotes, and keeps ids as text. iOS takes the values as they are, and uses
ids as dictionary keys, so that a text is never equal to a number; its checks are assertions, which release
builds leave out.
"""

from __future__ import annotations

from collections.abc import Iterator

from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.contents import Contents, Role
from fieldpack.exports.inat_vision_camera.rule import Finding, Rule, Severity, listed
from fieldpack.exports.inat_vision_camera.taxonomy_rows import TaxonomyFile

NOT_READ = "does not read this file"
OLD_ANDROID = "the app reports 'Android version is too old - needs to be at least 6.0'"
MOST_LINES = 5


def _csv(name: str, looks_at: str, android: str, remedy: str, severity: Severity = Severity.ERROR) -> Rule:
    return Rule(f"csv-{name}", severity, looks_at, android, NOT_READ, remedy)


def _json(name: str, looks_at: str, ios: str, remedy: str, severity: Severity = Severity.ERROR) -> Rule:
    return Rule(f"json-{name}", severity, looks_at, NOT_READ, ios, remedy)


CSV_ENCODING = _csv(
    "encoding", "UTF-8", "names come out with replacement characters", "save the file as UTF-8"
)
CSV_BOM = _csv(
    "byte-order-mark",
    "no byte-order mark",
    f"the first column's name is not found: {OLD_ANDROID}",
    "save the file as UTF-8 without a byte-order mark",
)
CSV_CRLF = _csv(
    "line-ends",
    "lines end in LF",
    f"a carriage return becomes part of the last column's name, which is not found: {OLD_ANDROID}",
    "convert the line ends (dos2unix)",
)
CSV_COLUMN = _csv(
    "column-missing",
    f"the columns {', '.join(facts.REQUIRED_COLUMNS)}",
    f"the column's place is unknown: {OLD_ANDROID}",
    "write the header as the plugin names the columns",
)
CSV_SPELLING = _csv(
    "column-spelling",
    "column names without blanks or quotes, in lower case",
    f"the column is not found under that spelling: {OLD_ANDROID}, or thresholds and leaves are missing",
    "write the names bare: parent_taxon_id,taxon_id,...",
)
CSV_TWICE = _csv(
    "column-twice", "every column once", "one of them wins, which one is luck", "remove the other column"
)
CSV_NAME_LAST = _csv(
    "name-last",
    "name is the last column",
    "a name with a comma shifts every later cell of its row: wrong leaf ids or a NumberFormatException",
    "move the column name to the end",
)
CSV_SHORT = _csv(
    "short-row",
    "every row has as many cells as the header",
    f"ArrayIndexOutOfBoundsException: {OLD_ANDROID}",
    "fill the row up with empty cells",
)
CSV_BLANK_ROW = _csv(
    "blank-row",
    "no empty lines before the end",
    f"ArrayIndexOutOfBoundsException: {OLD_ANDROID}",
    "remove the line",
)
CSV_QUOTES = _csv(
    "quotes",
    "cells without quotes",
    "quotes stay in the name that people see, and in ids, whose parents are then not found",
    "write cells bare; only the last column may hold commas",
)
CSV_NUMBER = _csv(
    "number",
    "numbers where numbers belong",
    "NumberFormatException at load or at the first prediction; an early comma shifts a row so, too",
    "correct the cell; commas may stand in the last column alone",
)
CSV_ID_SPELLING = _csv(
    "id-spelling",
    "ids as plain whole numbers: 12, not 12.0, 012 or +12",
    "ids are compared as text: parents are not found (NullPointerException), leaf ids are refused",
    "write whole numbers; pandas writes 12.0 where a column has gaps (use Int64)",
)
CSV_BLANKS = _csv(
    "blanks",
    "no blanks around cells",
    "ids are compared as text with their blanks: parents are not found",
    "write cells without blanks",
)
CSV_NAN = _csv(
    "nan",
    "empty cells where a value is missing, not NaN",
    "NaN is read as a number that every comparison fails: the taxon is never nearby",
    "leave the cell empty",
)
CSV_NO_TAXON = _csv("taxon-missing", "a taxon_id in every row", "a node without id", "give the row its id")
CSV_NO_RANK = _csv(
    "rank-missing",
    "a rank_level in every row",
    f"NumberFormatException: {OLD_ANDROID}",
    "give the row its rank",
)
CSV_NO_NAME = _csv(
    "name-missing",
    "a name in every row",
    "people see an empty name",
    "give the row its name",
    Severity.WARNING,
)
JSON_SYNTAX = _json(
    "syntax",
    "valid JSON",
    "no taxonomy (an assertion in debug builds): empty results",
    "write the file with a JSON library; it may be cut off",
)
JSON_NAN = _json(
    "nan",
    "no NaN or Infinity",
    "NSJSONSerialization refuses the whole file: no taxonomy, empty results",
    "write null where a value is missing",
)
JSON_SHAPE = _json(
    "shape",
    "a list of objects, at least one",
    "messages to objects of the wrong class: the app ends, or there is no taxonomy",
    "write one list with one object a taxon",
)
JSON_TYPE = _json(
    "number-type",
    "ids, ranks and thresholds as JSON numbers",
    "a text is no key that a number finds: parents and leaves are lost in silence",
    "write numbers without quotes",
)
JSON_NUMBER = _json(
    "number",
    "whole numbers as ids",
    "the index of the score is cut to another one",
    "write whole numbers",
)
JSON_NO_TAXON = _json(
    "taxon-missing",
    "a taxon_id in every entry",
    "nil is no dictionary key: the app ends with an exception",
    "give the entry its id",
)
JSON_NO_RANK = _json(
    "rank-missing",
    "a rank_level in every entry",
    "the result has no rank and is left out of every list (an assertion in debug builds)",
    "give the entry its rank",
)
JSON_NO_NAME = _json(
    "name-missing",
    "a name text in every entry",
    "people see no name (an assertion in debug builds)",
    "give the entry its name",
)
RULES = (
    CSV_ENCODING,
    CSV_BOM,
    CSV_CRLF,
    CSV_COLUMN,
    CSV_SPELLING,
    CSV_TWICE,
    CSV_NAME_LAST,
    CSV_SHORT,
    CSV_BLANK_ROW,
    CSV_QUOTES,
    CSV_NUMBER,
    CSV_ID_SPELLING,
    CSV_BLANKS,
    CSV_NAN,
    CSV_NO_TAXON,
    CSV_NO_RANK,
    CSV_NO_NAME,
    JSON_SYNTAX,
    JSON_NAN,
    JSON_SHAPE,
    JSON_TYPE,
    JSON_NUMBER,
    JSON_NO_TAXON,
    JSON_NO_RANK,
    JSON_NO_NAME,
)
CSV_HAZARDS = {
    "encoding": CSV_ENCODING,
    "bom": CSV_BOM,
    "crlf": CSV_CRLF,
    "short": CSV_SHORT,
    "blank": CSV_BLANK_ROW,
    "quotes": CSV_QUOTES,
    "number": CSV_NUMBER,
    "spelling": CSV_ID_SPELLING,
    "blanks": CSV_BLANKS,
    "nan": CSV_NAN,
    "no_taxon": CSV_NO_TAXON,
    "no_rank": CSV_NO_RANK,
    "no_name": CSV_NO_NAME,
}
JSON_HAZARDS = {
    "syntax": JSON_SYNTAX,
    "nan": JSON_NAN,
    "shape": JSON_SHAPE,
    "type": JSON_TYPE,
    "number": JSON_NUMBER,
    "no_taxon": JSON_NO_TAXON,
    "no_rank": JSON_NO_RANK,
    "no_name": JSON_NO_NAME,
}


def check(contents: Contents, plugin: str) -> Iterator[Finding]:
    """Look for every fault of this subject."""
    csv = contents.taxonomies.get(Role.ANDROID_TAXONOMY)
    if csv is not None:
        yield from _header(csv, contents.shown(csv.path))
        yield from _hazards(csv, contents.shown(csv.path), CSV_HAZARDS)
    json = contents.taxonomies.get(Role.IOS_TAXONOMY)
    if json is not None:
        yield from _hazards(json, contents.shown(json.path), JSON_HAZARDS)


def _header(file: TaxonomyFile, shown: str) -> Iterator[Finding]:
    exact = file.raw_header.split(",")
    known = (*facts.REQUIRED_COLUMNS, facts.THRESHOLD_COLUMN)
    meant = {column: column.strip().lower() for column in file.columns}
    crooked = [
        raw for raw, column in zip(exact, file.columns, strict=True) if _is_crooked(raw, column, known)
    ]
    if crooked:
        yield Finding(CSV_SPELLING, shown, f"the header says {listed([repr(raw) for raw in crooked])}", 1)
    lacking = [column for column in facts.REQUIRED_COLUMNS if column not in meant.values()]
    if lacking:
        yield Finding(CSV_COLUMN, shown, f"lacks {', '.join(lacking)}; the header is {file.raw_header!r}", 1)
    twice = sorted({column for column in file.columns if file.columns.count(column) > 1})
    if twice:
        yield Finding(CSV_TWICE, shown, f"{', '.join(twice)} comes more than once", 1)
    if "name" in file.columns and file.columns[-1] != "name":
        yield Finding(CSV_NAME_LAST, shown, f"the last column is {file.columns[-1]!r}", 1)


def _is_crooked(raw: str, column: str, known: tuple[str, ...]) -> bool:
    return column.strip().lower() in known and raw not in known


def _hazards(file: TaxonomyFile, shown: str, rules: dict[str, Rule]) -> Iterator[Finding]:
    """The first few lines of each hazard, and how many there are."""
    for hazard, rule in rules.items():
        found = file.hazards.get(hazard, [])
        for line, came in found[:MOST_LINES]:
            yield Finding(rule, shown, came, line)
        if len(found) > MOST_LINES:
            yield Finding(rule, shown, f"and {len(found) - MOST_LINES} more rows", found[MOST_LINES][0])
