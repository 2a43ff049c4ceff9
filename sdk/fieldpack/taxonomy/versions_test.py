"""Synonyms, thresholds, differences, and bundles that are released with a new taxonomy."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.bundle.write import BundleWriter
from fieldpack.cli.main import main
from fieldpack.errors import BundleError, ContractError
from fieldpack.taxonomy import Form, Taxon, Taxonomy, parse_taxonomy, write_taxonomy
from fieldpack.taxonomy.difference import Change, difference
from fieldpack.taxonomy.release import release_taxonomy, stored_taxonomy
from fieldpack.taxonomy.synonyms import one_to_one, parse_synonyms, with_synonyms
from fieldpack.taxonomy.testing import SMALL
from fieldpack.taxonomy.thresholds import parse_thresholds
from fieldpack.testing import tiny_content

SYNONYMS = b"""model_taxon_id,parent_taxon_id,taxon_id,rank_level,name,rank
11,7,110,10,Parus caeruleus,species
"""
INSECTS = Taxonomy(
    (
        Taxon("1", None, "Insecta", 50.0),
        Taxon("2", "1", "bee", 10.0, 0, 0.5, "Bee"),
        Taxon("3", "1", "moth", 10.0, 1, 0.25),
        Taxon("4", "1", "wasp", 10.0, 2),
    )
)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    output = {"name": "scores", "activation": "softmax", "labels": "labels.txt", "taxonomy": "taxa.csv"}
    with BundleWriter(tmp_path / "old") as writer:
        fields = tiny_content(writer)
        writer.add_bytes("taxa.csv", write_taxonomy(INSECTS, Form.PLAIN))
        writer.commit({**fields, "contract": {**fields["contract"], "outputs": [output]}})
    return tmp_path / "old"


def changed(taxonomy: Taxonomy, taxon: str, **fields: object) -> Taxonomy:
    return Taxonomy(
        tuple(
            dataclasses.replace(item, **fields) if item.id == taxon else item  # type: ignore[arg-type]
            for item in taxonomy.taxa
        )
    )


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b",taxon_id,thres,area\n0,8,0.25,9\n1,9,0.02,7\n", None),
        (b"taxon_id,thres\n8,0.25\n9,0.02\n", None),
        (b"taxon_id,threshold_type,threshold_value\n8,f1,0.25\n9,f1,0.02\n", None),
        (b"taxon_id,threshold_type,threshold_value\n8,f1,0.25\n8,lpt,0.9\n9,f1,0.02\n", "f1"),
    ],
)
def test_three_schemas_of_thresholds(data: bytes, kind: str | None) -> None:
    assert parse_thresholds(data, "t.csv", kind) == {"8": 0.25, "9": 0.02}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"taxon_id,threshold_type,threshold_value\n8,f1,0.25\n8,lpt,0.9\n", "several types"),
        (b"taxon_id,value\n8,0.25\n", "thres"),
        (b"taxon_id,thres\n8,0.25\n8,0.5\n", "line 3: lists a taxon twice"),
        (b"taxon_id,thres\n8,NaN\n", "line 2"),
        (b"taxon_id,thres\n8,25\n", "0 to 1"),
        (b"taxon_id,thres\n8,\n", "without a threshold"),
        (b"taxon_id,thres\n8\n", "cells"),
    ],
)
def test_faulty_thresholds_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(ContractError, match=said):
        parse_thresholds(data, "t.csv")


def test_thresholds_for_other_taxa_are_refused() -> None:
    assert INSECTS.with_thresholds({"4": 0.75}).by_id["4"].threshold == 0.75
    assert INSECTS.with_thresholds({"4": 0.75}).by_id["2"].threshold is None
    with pytest.raises(ContractError, match="does not have") as refusal:
        INSECTS.with_thresholds({"4": 0.75, "99": 0.5})
    assert refusal.value.came == "99"


def test_synonyms_move_replace_split_and_remove_leaves() -> None:
    moved = with_synonyms(SMALL, parse_synonyms(SYNONYMS, "s.csv"))
    assert moved.line("110")[:3] == ("110", "7", "6")
    assert moved.by_id["110"].leaf == 2
    assert "11" not in moved.by_id
    header = SYNONYMS.split(b"\n")[0] + b"\n"
    split = parse_synonyms(header + b"11,7,110,10,Parus a,x\n11,10,111,10,Cyanistes b,x\n12,,,,,\n", "s.csv")
    answered = with_synonyms(SMALL, split)
    assert [taxon.id for taxon in answered.taxa if taxon.leaf == 2] == ["110", "111"]
    assert 4 not in {taxon.leaf for taxon in answered.taxa}
    with pytest.raises(ContractError, match="one to one") as refusal:
        one_to_one(split)
    assert refusal.value.came == "11 -> 110, 111; 12 -> removed"
    with pytest.raises(ContractError, match="replace no leaf"):
        with_synonyms(SMALL, parse_synonyms(header + b"5,,50,10,X,x\n", "s.csv"))
    with pytest.raises(ContractError, match="parent is not"):
        with_synonyms(SMALL, parse_synonyms(header + b"11,99,110,10,X,x\n", "s.csv"))


@pytest.mark.parametrize("row", [b",7,110,10,Parus,x", b"11,7,110,10,,x", b"11,7,110,rank,Parus,x", b"11,7"])
def test_faulty_synonyms_are_refused(row: bytes) -> None:
    with pytest.raises(ContractError, match="line 2"):
        parse_synonyms(SYNONYMS.split(b"\n")[0] + b"\n" + row + b"\n", "s.csv")


def test_a_difference_names_every_kind_of_change() -> None:
    new = changed(SMALL, "9", parent="10", name="Cyanistes minor", leaf=2, threshold=None)
    new = changed(new, "11", leaf=1)
    new = changed(new, "14", rank_level=10.0, common_name="Fly agaric")
    new = Taxonomy((*(item for item in new.taxa if item.id != "12"), Taxon("15", "13", "Boletus", 20.0)))
    found = difference(SMALL, new)
    assert [taxon.id for taxon in found.added] == ["15"]
    assert [taxon.id for taxon in found.removed] == ["12"]
    assert found.moved == (Change("9", "7", "10"),)
    assert found.renamed == (Change("9", "Parus minor", "Cyanistes minor"),)
    assert found.reordered == (Change("9", 1, 2), Change("11", 2, 1))
    assert found.rethresholded == (Change("9", 0.02, None),)
    assert found.reranked == (Change("14", 20.0, 10.0),)
    assert found.recalled == (Change("14", None, "Fly agaric"),)
    assert "moved: 1\n  9: 7 -> 10" in found.text()
    assert json.loads(json.dumps(found.as_dict()))["removed"] == [{"taxon": "12", "name": "Vulpes vulpes"}]
    assert difference(SMALL, SMALL).empty
    assert difference(SMALL, SMALL).text() == "nothing changed"
    assert "... and 1 more" in found.text(1)


def test_a_difference_follows_synonyms() -> None:
    new = with_synonyms(SMALL, parse_synonyms(SYNONYMS, "s.csv"))
    found = difference(SMALL, new, {"11": "110"})
    assert found.replaced == (Change("11", "11", "110"),)
    assert (*found.added, *found.removed, *found.reordered) == ()
    assert found.moved == (Change("11", "10", "7"),)


def test_a_release_keeps_the_weights_and_says_what_changed(bundle: Path, tmp_path: Path) -> None:
    new = changed(INSECTS, "3", name="Moth, large", threshold=0.5, leaf=2)
    new = changed(new, "4", id="40", leaf=1)
    released = release_taxonomy(bundle, new, "9.0.0", tmp_path / "new.fieldpack", synonyms={"4": "40"})
    assert released.rewritten == ("labels.txt", "taxa.csv")
    assert released.relabelled == 1
    assert released.difference.renamed == (Change("3", "moth", "Moth, large"),)
    assert released.difference.replaced == (Change("4", "4", "40"),)
    assert released.difference.reordered == ()
    assert check_structure(tmp_path / "new.fieldpack") == []
    with open_bundle(bundle) as before, open_bundle(tmp_path / "new.fieldpack") as after:
        assert after.digest == released.digest != before.digest
        assert after.manifest.version == "9.0.0"
        assert after.labels("scores") == ("bee", "Moth, large", "wasp")
        assert [taxon.id for taxon in stored_taxonomy(after).leaves] == ["2", "3", "40"]
        same = set(before.manifest.files) - set(released.rewritten)
        assert {name: before.manifest.files[name] for name in same} == {
            name: after.manifest.files[name] for name in same
        }
        assert before.manifest.flavours == after.manifest.flavours


def test_threshold_files_follow_the_labels(tmp_path: Path) -> None:
    files = {"labels": "labels.txt", "taxonomy": "taxa.csv", "thresholds": "limits.csv"}
    output = {"name": "scores", "activation": "sigmoid", "threshold": 0.5, **files}
    with BundleWriter(tmp_path / "old") as writer:
        fields = tiny_content(writer)
        writer.add_bytes("taxa.csv", write_taxonomy(INSECTS, Form.PLAIN))
        writer.add_bytes("limits.csv", b"label,threshold\nmoth,0.250\nbee,0.5\nwasp,\n")
        writer.add_bytes("own.csv", b"label,threshold\nbee,0.75\nmoth,\nwasp,0.1\n")
        flavours = [entry | {"thresholds": {"scores": "own.csv"}} for entry in fields["flavours"]]
        contract = {**fields["contract"], "outputs": [output]}
        writer.commit({**fields, "contract": contract, "flavours": flavours})
    new = changed(INSECTS, "3", name="Moth, large")
    released = release_taxonomy(tmp_path / "old", new, "9.0.0", tmp_path / "new")
    assert set(released.rewritten) == {"labels.txt", "taxa.csv", "limits.csv", "own.csv"}
    with open_bundle(tmp_path / "new") as after:
        assert after.read("limits.csv") == b'label,threshold\n"Moth, large",0.250\nbee,0.5\nwasp,\n'
        own = after.thresholds("scores", "tflite-float32")
        assert own is not None
        assert own.tolist()[0] == 0.75
    same = release_taxonomy(tmp_path / "old", INSECTS, "9.0.0", tmp_path / "same")
    assert same.rewritten == ()


def test_thresholds_stay_where_the_new_taxonomy_states_none(bundle: Path, tmp_path: Path) -> None:
    released = release_taxonomy(bundle, INSECTS.with_thresholds({}), "9.0.0", tmp_path / "new")
    assert released.difference.empty
    assert released.rewritten == ()
    with open_bundle(tmp_path / "new") as after:
        assert [taxon.threshold for taxon in stored_taxonomy(after).leaves] == [0.5, 0.25, None]


@pytest.mark.parametrize(
    ("new", "synonyms", "said"),
    [
        (Taxonomy(INSECTS.taxa[:3]), {}, "1 are not in the new taxonomy: 4"),
        (INSECTS, {"4": "3"}, "1 come from two outputs: 3"),
        (Taxonomy((*INSECTS.taxa, Taxon("5", "1", "fly", 10.0, 3))), {}, "does not know: 5"),
        (changed(INSECTS, "2", id="20"), {}, "1 are not in the new taxonomy: 2; 1 are leaves"),
    ],
)
def test_leaves_that_do_not_map_one_to_one_are_refused(
    new: Taxonomy, synonyms: dict[str, str], said: str, bundle: Path, tmp_path: Path
) -> None:
    with pytest.raises(ContractError, match="one to one") as refusal:
        release_taxonomy(bundle, new, "9.0.0", tmp_path / "new", synonyms=synonyms)
    assert said.replace("does", "do") in str(refusal.value.came).replace("model does", "model do")
    assert not (tmp_path / "new").exists()


def test_a_release_needs_a_version_and_a_taxonomy(bundle: Path, tmp_path: Path) -> None:
    from fieldpack.testing import tiny_bundle

    with open_bundle(bundle) as before, pytest.raises(BundleError, match="version of its own"):
        release_taxonomy(bundle, INSECTS, before.manifest.version, tmp_path / "new")
    plain = tiny_bundle(tmp_path / "plain")
    with pytest.raises(ContractError, match="no such output"):
        release_taxonomy(plain, INSECTS, "9.0.0", tmp_path / "new")


def test_the_command_checks_converts_compares_and_releases(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, other = tmp_path / "t.csv", tmp_path / "t.json"
    file.write_bytes(write_taxonomy(SMALL, Form.INATURALIST_CSV))
    assert main(["taxonomy", "check", str(file), "--outputs", "6"]) == 0
    assert "16 taxa, 6 leaves; 0 faults, 0 hazards" in capsys.readouterr().out
    assert main(["taxonomy", "check", str(file), "--outputs", "7", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["faults"][0]["code"] == "count"
    thresholds = tmp_path / "thres.csv"
    thresholds.write_bytes(b"taxon_id,thres\n9,0.75\n")
    arguments = ["--to", "inaturalist-json", "--out", str(other), "--thresholds", str(thresholds)]
    assert main(["taxonomy", "convert", str(file), *arguments]) == 0
    assert parse_taxonomy(other.read_bytes(), "t").by_id["9"].threshold == 0.75
    capsys.readouterr()
    assert main(["taxonomy", "diff", str(file), str(other)]) == 0
    assert "rethresholded: 5\n" in capsys.readouterr().out
    file.write_bytes(b"\xef\xbb\xbf" + write_taxonomy(INSECTS, Form.PLAIN))
    release = ["taxonomy", "release", str(bundle), "--taxonomy", str(file), "--version", "9.0.0"]
    assert main([*release, "--out", str(tmp_path / "new"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["outcome"], document["rewritten"], document["relabelled"]) == ("pass", [], 0)
    assert main([*release, "--out", str(tmp_path / "new"), "--synonyms", str(tmp_path / "none.csv")]) == 2
