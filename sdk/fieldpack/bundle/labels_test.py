"""Label files and CSV tables of labels."""

from __future__ import annotations

import pytest

from fieldpack.bundle.labels import labels_bytes, names, parse_label_table, parse_labels
from fieldpack.contract import LabelTable
from fieldpack.errors import BundleError

TABLE = LabelTable(delimiter=";", scientific="sci_name", common="com_name")
ROWS = "idx;id;sci_name;com_name;class;order\n0;a;Parus major;Great Tit;Aves;P\n1;b;Bufo bufo;;Amphibia;A\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_table_becomes_lines(encoding: str, ending: str) -> None:
    data = ROWS.replace("\n", ending).encode(encoding)
    labels = parse_label_table(data, "labels.csv", TABLE)
    assert labels == ("Parus major_Great Tit", "Bufo bufo_Bufo bufo")
    assert parse_labels(labels_bytes(labels), "labels.txt") == labels
    plain = TABLE.model_copy(update={"common": None})
    assert parse_label_table(data, "labels.csv", plain) == ("Parus major", "Bufo bufo")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no column sci_name"),
        (b"a;b\n1;2\n", "no column sci_name"),
        (b"sci_name\nX\n", "no column com_name"),
        (b"sci_name;com_name\n;Great Tit\n", "row 2 has no scientific name"),
        (b"sci_name;com_name\nParus_major;Great Tit\n", "row 2 has no scientific name"),
        (b"sci_name;com_name\n", "no label on line 1"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(BundleError, match=words):
        parse_label_table(data, "labels.csv", TABLE)


def test_names_to_show() -> None:
    assert names("Parus major_Great Tit", "scientific_common") == ("Parus major", "Great Tit")
    assert names("Parus major_", "scientific_common") == ("Parus major", "Parus major")
    assert names("noise", "scientific_common") == (None, "noise")
    assert names("sea_waves", "plain") == (None, "sea_waves")
