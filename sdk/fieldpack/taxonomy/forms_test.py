"""Every form: what is read, what is refused with which lines, and that written files read the same."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldpack.errors import ContractError
from fieldpack.taxonomy import (
    Form,
    Taxon,
    Taxonomy,
    find_faults,
    parse_taxonomy,
    read_taxonomy,
    write_taxonomy,
)
from fieldpack.taxonomy.forms import form_of, losses
from fieldpack.taxonomy.testing import SMALL

INAT = b"""parent_taxon_id,taxon_id,rank_level,leaf_class_id,iconic_class_id,spatial_class_id,name
,1,70,,,,Animalia
1,2,34.5,,,,Parvorder
2,3,33.5,,,,Zoosubsection
3,4,10,0,1,,Parus major, the great
3,5,10,1,1,,Parus minor
"""
UUID = "00000000-0000-4000-8000-0000000000"
SPECIESNET = f"""{UUID}01;mammalia;carnivora;felidae;panthera;leo;lion
{UUID}02;mammalia;carnivora;felidae;panthera;tigris;tiger
{UUID}03;mammalia;carnivora;felidae;;;cat family
{UUID}04;aves;;;;;bird
{UUID}05;;;;;;blank
{UUID}06;;;;;;vehicle
""".encode()
BIRDNET = b"Parus major_Great Tit\nStrix aluco_Tawny Owl\nEngine_Engine\n"
BIRDNET_CSV = b"""idx;id;sci_name;com_name;class;order
0;gretit1;Parus major;Great Tit;Aves;Passeriformes
1;tawowl1;Strix aluco;Tawny Owl;Aves;Strigiformes
2;engine;Engine;Engine;;
"""


def faults_of(data: bytes, form: Form | None = None, outputs: int | None = None) -> list[tuple[object, str]]:
    return [(fault.line, fault.code.value) for fault in find_faults(data, form, outputs)[1]]


def test_inaturalist_csv_is_read_by_header_and_keeps_fractions_and_commas() -> None:
    taxonomy = parse_taxonomy(INAT, "t.csv")
    assert find_faults(INAT)[1] == []
    assert taxonomy.by_id["2"].rank_level == 34.5
    assert taxonomy.by_id["3"] == Taxon("3", "2", "Zoosubsection", 33.5)
    assert taxonomy.by_id["4"].name == "Parus major, the great"
    assert [taxon.id for taxon in taxonomy.leaves] == ["4", "5"]
    assert taxonomy.line("5") == ("5", "3", "2", "1")
    assert taxonomy.by_id["3"].rank == "zoosubsection"


def test_every_fault_of_a_file_is_told_at_once_with_its_line() -> None:
    text = b"""taxon_id,parent_taxon_id,rank_level,leaf_class_id,geo_threshold,name
1,,70,,,Animalia
2,1,genus,,,Parus
3,9,10,0,,Orphan
4,1,10,4,1.5,Far leaf
1,4,70,,,Again
5,1,20,,,Childless
6,1
,1,10,1,,Nameless id
7,7,10,2,,Own parent
8,,,3,,No rank
"""
    found = faults_of(text)
    assert found == [
        (None, "leaf"),
        (3, "number"),
        (3, "leaf"),
        (4, "no_parent"),
        (5, "number"),
        (5, "leaf"),
        (6, "two_parents"),
        (6, "rank"),
        (7, "leaf"),
        (8, "row"),
        (9, "id"),
        (10, "circle"),
        (10, "leaf"),
        (10, "rank"),
        (11, "rank"),
    ]
    with pytest.raises(ContractError, match=r"13 fault\(s\)") as refusal:
        parse_taxonomy(text, "bad.csv")
    assert all(f"line {line}: " in str(refusal.value) for line in range(3, 12))


@pytest.mark.parametrize(
    ("data", "line", "code"),
    [
        (b"\xef\xbb\xbf" + INAT, 1, "byte_order_mark"),
        (INAT.replace(b"\n", b"\r\n"), 1, "carriage_return"),
        (INAT.replace(b"minor", b"minor  "), 6, "spaces"),
        (INAT.replace(b"Parus minor", b'"Parus minor"'), 6, "quotes"),
        (INAT.replace(b",name", b", name"), 1, "spaces"),
        (INAT.replace(b",1,70", b"48460,1,70"), 2, "life"),
        (INAT.replace(b"\n,1,70", b"\n,48460,100,,,,Life\n48460,1,70"), 2, "life"),
        (INAT.replace(b"1,2,34.5", b"1,2,70"), 3, "rank"),
    ],
)
def test_hazards_are_told_and_read_over(data: bytes, line: int, code: str) -> None:
    taxonomy, faults = find_faults(data)
    assert (line, code) in [(fault.line, fault.code.value) for fault in faults]
    assert all(fault.hazard for fault in faults)
    assert taxonomy is not None
    assert [taxon.name for taxon in taxonomy.leaves] == ["Parus major, the great", "Parus minor"]
    assert taxonomy.line("5") == ("5", "3", "2", "1")


@pytest.mark.parametrize(
    ("data", "line", "code"),
    [
        (INAT.replace(b",1,70,,,,", b",1,7,0,,,,"), 2, "name"),
        (INAT.replace(b"3,5,10,1,", b"3,5,1,0,1,"), 6, "leaf"),
        (INAT.replace(b"name\n,1", b"name\n,1.0"), 2, "number"),
        (INAT.replace(b"3,5,10,1,1", b"3,5,10,NaN,1"), 6, "number"),
        (INAT.replace(b"1,2,34.5", b"1,2,3_4"), 3, "number"),
        (INAT.replace(b"1,2,34.5", "1,2,\u0663\u0664".encode()), 3, "number"),
        (INAT.replace(b"Parus minor", b'"Parus minor'), 6, "quotes"),
        (INAT.replace(b"leaf_class_id", b"leaf"), 1, "header"),
        (INAT.replace(b"iconic_class_id", b"name"), 1, "header"),
        (INAT.replace(b"3,5,10,1", b"3,5,10,0"), 6, "leaf"),
        (INAT.replace(b"2,3,33.5,,", b"2,3,33.5,2,"), 4, "leaf"),
        (INAT.replace(b"Parus minor", b""), 6, "name"),
        (INAT + b"\xff\n", 7, "unreadable"),
        (b"parent_taxon_id,taxon_id,rank_level,leaf_class_id,name\n", None, "row"),
    ],
)
def test_what_phones_would_read_wrongly_is_refused(data: bytes, line: int | None, code: str) -> None:
    taxonomy, faults = find_faults(data)
    assert taxonomy is None
    assert (line, code) in [(fault.line, fault.code.value) for fault in faults if not fault.hazard]


def test_a_comma_in_an_early_column_of_a_file_with_name_inside_is_refused() -> None:
    text = b"taxon_id,name,parent_taxon_id,rank_level,leaf_class_id\n1,Animalia,,70,\n2,Parus, the,1,10,0\n"
    assert (3, "number") in faults_of(text)
    assert (1, "header") in faults_of(text)


def test_the_count_of_leaves_is_held_against_the_outputs() -> None:
    assert faults_of(INAT, outputs=2) == []
    assert faults_of(INAT, outputs=3) == [(None, "count")]


def test_json_takes_numbers_only() -> None:
    rows = json.loads(write_taxonomy(SMALL, Form.INATURALIST_JSON))
    assert rows[4] == {
        "parent_taxon_id": 4,
        "taxon_id": 5,
        "rank_level": 34.5,
        "leaf_class_id": None,
        "geo_threshold": None,
        "name": "Paroidea",
    }
    rows[1]["taxon_id"] = "2"
    rows[2]["rank_level"] = True
    rows[7]["rank_level"] = 10**400
    rows[3]["leaf_class_id"] = 1.5
    rows[5]["name"] = None
    rows[6] = 7
    found = faults_of(json.dumps(rows).encode())
    assert [item for item in found if item[1] in ("number", "name", "row")] == [
        (2, "number"),
        (3, "number"),
        (4, "number"),
        (6, "name"),
        (7, "row"),
        (8, "number"),
    ]


@pytest.mark.parametrize("text", [b"[", b'{"a": 1}', b"[NaN]", b'[{"a": 1, "a": 2}]', b"[" * 100_000])
def test_no_array_of_objects_is_refused(text: bytes) -> None:
    assert [code for _, code in faults_of(text)] == ["unreadable"]


def test_speciesnet_grows_the_tree_from_its_lines() -> None:
    taxonomy = parse_taxonomy(SPECIESNET, "labels.txt")
    assert form_of(SPECIESNET) is Form.SPECIESNET
    assert [taxon.common_name for taxon in taxonomy.leaves] == [
        "lion", "tiger", "cat family", "bird", "blank", "vehicle",
    ]  # fmt: skip
    lion = taxonomy.leaves[0]
    assert (lion.name, lion.rank_level) == ("panthera leo", 10.0)
    assert taxonomy.line(lion.id)[1:] == (
        "mammalia;carnivora;felidae;panthera", f"{UUID}03", "mammalia;carnivora", "mammalia",
    )  # fmt: skip
    assert taxonomy.by_id[f"{UUID}05"].parent is None


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"{UUID}09;mammalia;primates;felidae;felis;catus;cat", "two_parents"),
        (f"{UUID}09;mammalia;carnivora;felidae;panthera;leo;simba", "twice"),
        (f"{UUID}01;reptilia;;;;;reptile", "two_parents"),
        (f"{UUID}09;reptilia;;;;virens;x", "name"),
        ("no-uuid;reptilia;;;;;reptile", "id"),
        (f"{UUID}09;reptilia;;;reptile", "row"),
    ],
)
def test_conflicting_lines_of_speciesnet_are_refused(line: str, code: str) -> None:
    assert (7, code) in faults_of(SPECIESNET + line.encode() + b"\n", Form.SPECIESNET)


def test_birdnet_labels_are_roots_and_its_csv_has_classes() -> None:
    flat = parse_taxonomy(BIRDNET, "labels.txt")
    assert form_of(BIRDNET) is Form.BIRDNET
    assert flat.leaves[1] == Taxon("Strix aluco", None, "Strix aluco", None, 1, None, "Tawny Owl")
    tree = parse_taxonomy(BIRDNET_CSV, "labels.csv")
    assert form_of(BIRDNET_CSV) is Form.BIRDNET_CSV
    assert tree.line("gretit1") == ("gretit1", "Aves;Passeriformes", "Aves")
    assert tree.leaves[2].parent is None
    assert faults_of(b"Parus major\n", Form.BIRDNET) == [(1, "row")]
    assert (2, "row") in faults_of(BIRDNET_CSV.replace(b"0;gretit1", b"x;gretit1"))


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (INAT, Form.INATURALIST_CSV),
        (SPECIESNET, Form.SPECIESNET),
        (BIRDNET, Form.BIRDNET),
        (BIRDNET_CSV, Form.BIRDNET_CSV),
        (b"taxon,parent\na,\nb,a\n", Form.PLAIN),
    ],
)
def test_what_is_written_reads_the_same(data: bytes, form: Form) -> None:
    taxonomy = parse_taxonomy(data, "t", form)
    again = write_taxonomy(taxonomy, form)
    assert parse_taxonomy(again, "t") == taxonomy
    assert find_faults(again)[1] == []
    assert write_taxonomy(parse_taxonomy(again, "t"), form) == again


@pytest.mark.parametrize("form", [Form.PLAIN, Form.INATURALIST_CSV, Form.INATURALIST_JSON])
def test_ranks_and_thresholds_survive(form: Form) -> None:
    assert parse_taxonomy(write_taxonomy(SMALL, form), "t") == SMALL


def test_a_form_says_what_it_leaves_out() -> None:
    assert losses(SMALL, Form.PLAIN) == losses(SMALL, Form.INATURALIST_CSV) == ()
    thresholds, taxa = losses(SMALL, Form.BIRDNET_CSV)
    assert thresholds == "5 thresholds"
    assert taxa.startswith("10 taxa")
    assert losses(parse_taxonomy(BIRDNET, "t"), Form.PLAIN) == ()


@pytest.mark.parametrize(
    ("taxon", "form"),
    [
        (Taxon("x", None, "A", 10.0, 6), Form.INATURALIST_CSV),
        (Taxon("20", None, "A", None, 6), Form.INATURALIST_CSV),
        (Taxon("20", None, '"A"', 10.0, 6), Form.INATURALIST_CSV),
        (Taxon("20", None, "A\u2028B", 10.0, 6), Form.INATURALIST_JSON),
        (Taxon("20", None, "A", 10.0), Form.INATURALIST_JSON),
        (Taxon("20", "8", "A", 5.0, 6), Form.INATURALIST_CSV),
        (Taxon("20", None, "A", 10.0, 6), Form.SPECIESNET),
        (Taxon("20", None, "A_B", 10.0, 6), Form.BIRDNET),
    ],
)
def test_a_form_refuses_what_it_cannot_say(taxon: Taxon, form: Form) -> None:
    with pytest.raises(ContractError, match="cannot be written"):
        write_taxonomy(Taxonomy((*SMALL.taxa, taxon)), form)


def test_columns_of_the_plain_form_that_are_not_known_are_left_out() -> None:
    old = parse_taxonomy(b"parent,colour,taxon\n,red,a\na,blue,b\n", "t.csv")
    assert old == Taxonomy.from_parents({"a": "", "b": "a"})
    assert old.leaves == ()


def test_labels_and_leaves_must_agree(tmp_path: Path) -> None:
    names = [taxon.name for taxon in SMALL.leaves]
    assert SMALL.ids_of(names) == tuple(taxon.id for taxon in SMALL.leaves)
    assert SMALL.labelled(names) == SMALL
    with pytest.raises(ContractError, match="fit the leaves"):
        SMALL.check(names[:-1])
    with pytest.raises(ContractError, match="at their output's leaf"):
        SMALL.check([names[1], names[0], *names[2:]])
    with pytest.raises(ContractError, match="two outputs"):
        Taxonomy.from_parents({"a": ""}).labelled(["a", "a"])
    (tmp_path / "t.csv").write_bytes(write_taxonomy(SMALL, Form.PLAIN))
    assert read_taxonomy(tmp_path / "t.csv") == SMALL


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), min_size=1
).map(lambda text: "n" + text.strip() + ".")


@given(st.data(), st.integers(1, 12))
def test_any_tree_survives_the_forms_that_keep_everything(data: st.DataObject, size: int) -> None:
    parents = [data.draw(st.integers(-1, row - 1)) for row in range(size)]
    taxa = [
        Taxon(str(row + 1), None if parent < 0 else str(parent + 1), data.draw(NAMES), 90.0 - row)
        for row, parent in enumerate(parents)
    ]
    childless = [row for row in range(size) if row not in parents]
    for leaf, row in enumerate(data.draw(st.permutations(childless))):
        threshold = data.draw(st.none() | st.floats(0, 1))
        taxa[row] = dataclasses.replace(taxa[row], leaf=leaf, threshold=threshold)
    taxonomy = Taxonomy(tuple(taxa))
    for form in (Form.PLAIN, Form.INATURALIST_CSV, Form.INATURALIST_JSON):
        written = write_taxonomy(taxonomy, form)
        assert find_faults(written, form) == (taxonomy, [])


@given(
    st.binary(max_size=200) | st.text(alphabet='taxon_id,parent;"[]{}\r\n0123', max_size=80).map(str.encode)
)
def test_no_bytes_make_a_reader_fall_over(data: bytes) -> None:
    for form in Form:
        taxonomy, faults = find_faults(data, form)
        assert taxonomy is not None or faults


def test_the_labels_of_a_published_sound_model_are_read() -> None:
    data = Path(os.environ.get("FIELDPACK_DATA", Path(__file__).parents[4] / "shared" / "data"))
    labels = data / "models" / "sound" / "birdnet_stm32" / "birdnet_stm32n6_100_labels.txt"
    if not labels.is_file():
        pytest.skip(f"no {labels}; set FIELDPACK_DATA to the folder of shared models")
    taxonomy, faults = find_faults(labels.read_bytes(), outputs=100)
    assert taxonomy is not None
    assert faults == []
    assert taxonomy.leaves[0].common_name == "Spotted Sandpiper"
    assert write_taxonomy(taxonomy, Form.BIRDNET) == labels.read_bytes().rstrip(b"\n") + b"\n"
