"""Both of the plugin's readers on good files, and on planted faults: do the rules say what happens there?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fieldpack.exports.inat_vision_camera import facts, testing
from fieldpack.exports.inat_vision_camera.planted_faults import PLANTS
from fieldpack.exports.inat_vision_camera.testdata import android_reader, ios_reader
from fieldpack.exports.inat_vision_camera.testdata.android_reader import AndroidError
from fieldpack.exports.inat_vision_camera.testdata.ios_reader import IosError

SCORES = (0.4, 0.3, 0.2, 0.1)
#: Fault -> what Android makes of it: an exception, or ``other`` for another tree or other sums.
ANDROID = {
    "csv-byte-order-mark": "no such column",
    "csv-line-ends": "no such column",
    "csv-column-missing": "no such column",
    "csv-column-spelling": "no such column",
    "csv-short-row": "ArrayIndexOutOfBoundsException",
    "csv-blank-row": "ArrayIndexOutOfBoundsException",
    "csv-number": "NumberFormatException",
    "csv-rank-missing": "NumberFormatException",
    "csv-id-spelling": "NumberFormatException",
    "csv-quotes": "other",
    "csv-nan": "other",
    "csv-encoding": "other",
    "csv-name-missing": "other",
    "parent-missing": "NullPointerException",
    "parent-life": "same",
    "parent-circle": "NumberFormatException",
    "leaf-missing": "NumberFormatException",
    "leaf-inner": "other",
    "leaf-twice": "other",
    "leaf-gap": "ArrayIndexOutOfBoundsException",
    "taxon-twice": "ArrayIndexOutOfBoundsException",
}
IOS = {
    "json-syntax": "NSJSONSerialization",
    "json-nan": "NSJSONSerialization",
    "json-shape": "unrecognized selector",
    "json-taxon-missing": "NSInvalidArgumentException",
    "json-number-type": "other",
    "json-number": "other",
    "json-rank-missing": "other",
    "json-name-missing": "other",
    "parent-missing": "other",
    "parent-life": "other",
    "parent-circle": "other",
    "leaf-missing": "other",
    "leaf-inner": "other",
    "leaf-twice": "other",
    "leaf-gap": "NSRangeException",
    "taxon-twice": "NSRangeException",
    "rank-fraction-lost": "other",
    "thresholds-differ": "other",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    testing.write_taxonomies(tmp_path, testing.taxa())
    (tmp_path / testing.ENV).write_text(testing.env_text(), encoding="utf-8", newline="\n")
    return tmp_path


def outcome(reader: Any, path: Path, good: Any) -> str:
    """The exception of a reader, or whether tree and sums are those of a good file."""
    try:
        read = reader.read(path)
        seen = (read.facts(), read.rollup(SCORES))
    except (AndroidError, IosError) as error:
        return str(error)
    except ValueError:
        return "other"
    return "same" if seen == good else "other"


def good_of(reader: Any, path: Path) -> Any:
    read = reader.read(path)
    return read.facts(), read.rollup(SCORES)


def test_both_readers_see_one_tree(folder: Path) -> None:
    android, ios = android_reader.read(folder / testing.CSV), ios_reader.read(folder / testing.JSON)
    assert android.facts() == ios.facts()
    assert android.rollup(SCORES) == ios.rollup(SCORES)
    assert android.model_size == testing.COUNT
    assert android.facts()[902] == (900, 10.0, "1", 0.5, "Bombus, sensu lato")
    assert android.rollup(SCORES)[facts.LIFE] == pytest.approx(1.0)


@pytest.mark.parametrize(("rule", "wanted"), ANDROID.items())
def test_android_does_with_a_fault_what_the_rule_says(rule: str, wanted: str, folder: Path) -> None:
    good = good_of(android_reader, folder / testing.CSV)
    PLANTS[rule].make(folder)
    assert outcome(android_reader, folder / testing.CSV, good) == wanted


@pytest.mark.parametrize(("rule", "wanted"), IOS.items())
def test_ios_does_with_a_fault_what_the_rule_says(rule: str, wanted: str, folder: Path) -> None:
    good = good_of(ios_reader, folder / testing.JSON)
    PLANTS[rule].make(folder)
    assert outcome(ios_reader, folder / testing.JSON, good) == wanted


def test_a_comma_in_an_early_column_shifts_the_row(folder: Path) -> None:
    columns = ("name", *facts.COLUMNS[:-1])
    text = testing.csv_text(testing.taxa(), columns)
    (folder / testing.CSV).write_text(text, encoding="utf-8", newline="\n")
    with pytest.raises(AndroidError, match="NumberFormatException"):
        android_reader.read(folder / testing.CSV)
