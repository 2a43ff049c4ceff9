"""Bundles that differ in one known thing: it is named, and nothing else is."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main
from fieldpack.contract.inputs import ImageInput
from fieldpack.difference import BundleDifference, Step, compare_bundles
from fieldpack.difference.accuracy import _slice
from fieldpack.difference.pictures import drawn
from fieldpack.difference.testing import Edit, Fields, Files, varied_bundle
from fieldpack.exports.testing import INPUTS
from fieldpack.taxonomy import Form, Taxon, Taxonomy, write_taxonomy
from fieldpack.testing import TINY_LABELS, TINY_MODEL, TINY_SPEC, dense_tflite, tiny_bundle

GOLDEN = "golden/tflite-float32/scores.npy"
TREE = "labels.taxonomy.csv"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return tiny_bundle(tmp_path / "old", folder_flavour=False)


def compared(old: Path, edit: Edit, name: str = "new") -> BundleDifference:
    new = varied_bundle(old, old.parent / name, edit)
    with open_bundle(old) as first, open_bundle(new) as second:
        return compare_bundles(first, second)


def told(found: BundleDifference) -> list[tuple[str, str]]:
    return [(item.rule, item.where) for item in found.changes if not item.rule.startswith("version.")]


def with_tree(tiny: Path, moth: str = "2", name: str = "moth") -> Path:
    def edit(fields: Fields, files: Files) -> None:
        rows = (
            Taxon("1", None, "Hymenoptera"),
            Taxon("2", None, "Lepidoptera"),
            Taxon("3", "1", "bee", leaf=0),
            Taxon("4", moth, name, leaf=1),
            Taxon("5", "1", "wasp", leaf=2),
        )
        files[TREE] = write_taxonomy(Taxonomy(rows), Form.PLAIN)
        files["labels.txt"] = f"bee\n{name}\nwasp\n".encode()
        fields["contract"]["outputs"][0]["taxonomy"] = TREE

    return varied_bundle(tiny, tiny.parent / f"tree-{moth}-{name}", edit)


def labels(*words: str) -> Edit:
    def edit(fields: Fields, files: Files) -> None:
        files["labels.txt"] = "".join(f"{word}\n" for word in words).encode()

    return edit


def test_equal_bundles_differ_in_nothing(tiny: Path) -> None:
    found = compared(tiny, lambda fields, files: None)
    assert told(found) == []
    assert (found.step, found.least_version) == (Step.NONE, "1.0.0")
    assert found.updates[0].changed_bytes == 0 < found.updates[0].whole_bytes


def test_words_alone_are_a_patch(tiny: Path) -> None:
    found = compared(tiny, lambda fields, files: fields.update(description="Otherwise."))
    assert told(found) == [("description.changed", "description")]
    assert (found.step, found.least_version) == (Step.PATCH, "1.0.1")


def test_a_number_of_the_contract_is_named_by_its_path(tiny: Path) -> None:
    def edit(fields: Fields, files: Files) -> None:
        fields["contract"]["inputs"][0]["low"] = -2.0

    found = compared(tiny, edit)
    assert told(found) == [("contract.changed", "inputs.vector.low")]
    assert (found.changes[0].old, found.changes[0].new, found.least_version) == (-1.0, -2.0, "2.0.0")


def test_exchanged_labels_are_reordered_and_not_renamed(tiny: Path) -> None:
    found = compared(tiny, labels("moth", "bee", "wasp"))
    assert told(found) == [("labels.reordered", "scores: bee"), ("labels.reordered", "scores: moth")]
    assert found.step is Step.MAJOR


def test_a_new_word_for_the_same_weights_is_a_new_name(tiny: Path) -> None:
    found = compared(tiny, labels("bee", "hawkmoth", "wasp"))
    assert told(found) == [("labels.renamed", "scores: moth")]
    assert found.labels[0].renamed[0][1].text == "hawkmoth"
    assert found.step is Step.PATCH


def test_a_new_word_for_other_weights_is_another_class(tiny: Path) -> None:
    def edit(fields: Fields, files: Files) -> None:
        retrained(fields, files)
        labels("bee", "hawkmoth", "wasp")(fields, files)

    rules = [rule for rule, _ in told(compared(tiny, edit))]
    assert {"labels.added", "labels.removed"} <= set(rules)
    assert "labels.renamed" not in rules


def retrained(fields: Fields, files: Files, classes: int = 3) -> None:
    weights = np.random.default_rng(1).normal(size=(classes, 4)).astype(np.float32)
    bias = np.zeros(classes, np.float32)
    files[TINY_MODEL] = dense_tflite("vector", (1, 4), weights, bias, "softmax")
    logits = np.load(io.BytesIO(files["golden/vector.npy"])) @ weights.T
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    files[GOLDEN] = files["golden/scores.npy"] = npy_bytes(scores)
    fields["flavours"][0]["outputs"][0]["shape"] = [1, classes]


def test_other_weights_are_minor_and_their_flips_are_listed(tiny: Path) -> None:
    found = compared(tiny, retrained)
    rules = {item.rule for item in found.changes}
    assert {"files.changed", "outputs.changed"} <= rules
    assert (found.step, found.least_version) == (Step.MINOR, "1.1.0")
    (answers,) = found.answers
    with open_bundle(tiny) as old, open_bundle(tiny.parent / "new") as new:
        before, after = (bundle.flavour_golden("tflite-float32")["scores"] for bundle in (old, new))
    expected = [
        (TINY_LABELS[one], TINY_LABELS[other])
        for one, other in zip(before.argmax(1), after.argmax(1), strict=True)
        if one != other
    ]
    assert expected
    assert [(flip.old, flip.new) for flip in answers.flips] == expected


def test_another_file_with_the_same_answers_is_a_patch(tiny: Path) -> None:
    def edit(fields: Fields, files: Files) -> None:
        files[TINY_MODEL] = files[TINY_MODEL].replace(b"tiny", b"tidy")

    found = compared(tiny, edit)
    assert told(found) == [("files.changed", "flavours.tflite-float32")]
    assert found.step is Step.PATCH


def test_an_answer_that_no_vector_shows_is_not_called_the_same(tiny: Path) -> None:
    def edit(fields: Fields, files: Files) -> None:
        files[TINY_MODEL] = files[TINY_MODEL].replace(b"tiny", b"tidy")
        fields["golden"]["ids"] = [f"other-{number}" for number in range(5)]

    rules = {rule for rule, _ in told(compared(tiny, edit))}
    assert rules == {"files.changed", "outputs.unproven", "golden.changed"}


def test_labels_added_behind_are_minor_and_before_are_major(tiny: Path) -> None:
    def behind(fields: Fields, files: Files) -> None:
        retrained(fields, files, 4)
        labels(*TINY_LABELS, "ant")(fields, files)

    def before(fields: Fields, files: Files) -> None:
        retrained(fields, files, 4)
        labels("ant", *TINY_LABELS)(fields, files)

    found = compared(tiny, behind, "behind")
    assert ("labels.added", "scores: ant") in told(found)
    assert found.step is Step.MINOR
    assert found.answers[0].ranks
    found = compared(tiny, before, "before")
    assert ("labels.renumbered", "scores: bee") in told(found)
    assert found.step is Step.MAJOR


def test_a_taxon_with_another_parent_has_moved(tiny: Path) -> None:
    old, new = with_tree(tiny), with_tree(tiny, moth="1")
    with open_bundle(old) as first, open_bundle(new) as second:
        found = compare_bundles(first, second)
    assert told(found) == [("taxonomy.moved", "scores: 4")]
    assert (found.changes[0].old, found.changes[0].new) == ("2", "1")
    assert found.step is Step.PATCH


def test_a_taxon_is_known_by_its_id_under_a_new_name(tiny: Path) -> None:
    old, new = with_tree(tiny), with_tree(tiny, name="Lepidopteron")
    with open_bundle(old) as first, open_bundle(new) as second:
        found = compare_bundles(first, second)
    assert told(found) == [("labels.renamed", "scores: moth")]
    assert found.labels[0].renamed[0][1].ancestors == ("Lepidoptera",)


def test_a_newer_runtime_is_major_and_an_older_one_a_patch(tiny: Path) -> None:
    def requires(version: str) -> Edit:
        def edit(fields: Fields, files: Files) -> None:
            fields["flavours"][0]["requires"]["tflite_runtime"] = version

        return edit

    old = varied_bundle(tiny, tiny.parent / "base", requires("2.9.0"))
    found = compared(old, requires("2.11.0"), "newer")
    assert told(found) == [("requires.raised", "flavours.tflite-float32.requires.tflite_runtime")]
    assert found.step is Step.MAJOR
    assert compared(old, requires("2.1.0"), "older").step is Step.PATCH


def test_a_version_below_what_is_due_is_told(tiny: Path) -> None:
    def edit(fields: Fields, files: Files) -> None:
        fields["contract"]["inputs"][0]["low"] = -2.0
        fields["version"] = "1.1.0"

    found = compared(tiny, edit)
    assert ("version.too_low", "1.1.0") in [(item.rule, item.new) for item in found.changes]

    def back(fields: Fields, files: Files) -> None:
        fields["version"] = "0.9.0"

    assert "version.lowered" in [item.rule for item in compared(tiny, back, "back").changes]


def test_the_command_prints_text_and_json_and_keeps_a_policy(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = varied_bundle(tiny, tmp_path / "swapped", labels("moth", "bee", "wasp"))
    policy = tmp_path / "policy.toml"
    assert main(["diff", str(tiny), str(new)]) == 0
    assert "labels.reordered" in capsys.readouterr().out
    policy.write_text('schema = 1\nmax_step = "minor"\n')
    assert main(["diff", str(tiny), str(new), "--policy", str(policy)]) == 1
    assert "policy: BROKEN" in capsys.readouterr().out
    assert main(["diff", str(tiny), str(tiny), "--policy", str(policy)]) == 0
    assert "policy: KEPT" in capsys.readouterr().out
    policy.write_text('schema = 1\nforbid = ["labels.*"]\n')
    assert main(["diff", "--json", str(tiny), str(new), "--policy", str(policy)]) == 1
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert [item["rule"] for item in document["policy"]] == ["labels.reordered"] * 2
    assert document["step"] == "major"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('schema = 1\nforbid = ["labels.vanished"]\n', "labels.removed"),
        ('schema = 1\nforbid = ["nothing.*"]\n', "unknown rule nothing.*"),
        ("schema = 2\n", "schema 2 is not known"),
        ("max_step = 3\n", "schema"),
        ('schema = 1\nmax_steps = "minor"\n', "max_steps"),
        ("schema = \n", "is not TOML"),
    ],
)
def test_a_policy_that_cannot_be_held_is_refused(
    tiny: Path, tmp_path: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(text)
    assert main(["diff", str(tiny), str(tiny), "--policy", str(policy)]) == 2
    assert message in capsys.readouterr().err


def test_limits_on_flips_and_bytes_are_held(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = varied_bundle(tiny, tmp_path / "retrained", retrained)
    policy = tmp_path / "policy.toml"
    for limit in ("max_flips = 0.0", "max_update_bytes = 100"):
        policy.write_text(f"schema = 1\n{limit}\n")
        assert main(["diff", str(tiny), str(new), "--policy", str(policy)]) == 1
        assert limit.split()[0] in capsys.readouterr().out
    policy.write_text("schema = 1\nmax_flips = 1.0\nmax_update_bytes = 1000000\n")
    assert main(["diff", str(tiny), str(new), "--policy", str(policy)]) == 0


def test_an_altered_bundle_is_refused(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tiny / "labels.txt").write_text("bee\nmoth\nwasp\nant\n")
    assert main(["diff", str(tiny), str(tiny)]) == 2
    assert "altered" in capsys.readouterr().err


def test_the_page_shows_flips_and_keeps_labels_inert(tiny: Path, tmp_path: Path) -> None:
    def edit(fields: Fields, files: Files) -> None:
        retrained(fields, files)
        labels("<script>alert(1)</script>", "moth", "wasp")(fields, files)

    new = varied_bundle(tiny, tmp_path / "hostile", edit)
    assert main(["diff", str(tiny), str(new), "--html", str(tmp_path / "difference.html")]) == 0
    page = (tmp_path / "difference.html").read_text()
    assert "Answers that flipped" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page


DATA = f"""{TINY_SPEC}
[data]
golden = 4
evaluation = {{ kind = "arrays", inputs = {{ vector = "evaluation.npy" }}, labels = "classes.npy" }}

[[flavours]]
kind = "tflite"
name = "tflite-float32"
method = "float32"
io = "float32"
fold_scaling = false

[budget.every]
installed_bytes = 100000
"""


def test_both_are_run_on_given_data_and_compared_example_by_example(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = varied_bundle(tiny, tmp_path / "retrained", retrained)
    vectors = np.random.default_rng(0).uniform(-1, 1, (40, 4)).astype(np.float32)
    old_weights = np.array([[2, -1, 0.5, 0], [-0.5, 1.5, 1, -1], [0, 0.25, -2, 1]])
    before = (vectors @ old_weights.T + [0.25, -0.5, 0.125]).argmax(axis=1)
    after = (vectors @ np.random.default_rng(1).normal(size=(3, 4)).T).argmax(axis=1)
    np.save(tmp_path / "evaluation.npy", vectors)
    np.save(tmp_path / "classes.npy", after)
    (tmp_path / "labels.txt").write_text("bee\nmoth\nwasp\n")
    (tmp_path / "pack.toml").write_text(DATA)
    page = tmp_path / "difference.html"
    words = ["--data", str(tmp_path / "pack.toml"), "--html", str(page)]
    assert main(["diff", "--json", str(tiny), str(new), *words]) == 0
    (found,) = json.loads(capsys.readouterr().out)["measured"]
    assert (found["count"], len(found["flips"])) == (40, int((before != after).sum()))
    accuracy = found["accuracy"]
    assert (accuracy["new"], accuracy["losses"], accuracy["gains"]) == (1.0, 0, len(found["flips"]))
    assert accuracy["old"] == pytest.approx((before == after).mean())
    assert 0 < accuracy["low"] < accuracy["new"] - accuracy["old"] < accuracy["high"]
    assert f"{len(found['flips'])} of 40 examples of the data" in page.read_text()


@pytest.mark.parametrize(("share", "compared"), [(0.5, 1), (None, 0), ("nan", 0), (float("nan"), 0)])
def test_slices_are_compared_where_both_have_a_number(share: object, compared: int) -> None:
    row = {"flavour_top1": 0.75, "n": 8}
    key = ("tflite-float32", "native", "scores")
    assert len(list(_slice(key, ("group", "moths"), row, row | {"flavour_top1": share}, True))) == compared


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_pictures_are_drawn_by_id_in_their_own_colours(order: str) -> None:
    image = ImageInput.model_validate(INPUTS["image"] | {"color_order": order, "height": 200, "width": 100})
    pixels = np.zeros((2, 200, 100, 3), np.uint8)
    pixels[1, ..., 0] = 250
    (address,) = drawn(pixels, ["dark", "bright"], ["bright", "gone"], image).values()
    picture = Image.open(io.BytesIO(base64.b64decode(address.removeprefix("data:image/png;base64,"))))
    assert picture.size == (48, 96)
    assert picture.getpixel((20, 40)) == ((250, 0, 0) if order == "rgb" else (0, 0, 250))


def test_malformed_evidence_is_named_by_its_field(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def edit(fields: Fields, files: Files) -> None:
        runs = {"native": {"scores": {"figures": [], "slices": "moths"}}}
        files[fields["evidence"]] = json.dumps({"flavours": {"tflite-float32": {"runs": runs}}}).encode()

    new = varied_bundle(tiny, tiny.parent / "new", edit)
    assert main(["diff", str(tiny), str(new)]) == 2
    assert "runs.native.scores.slices`: Input should be an object" in capsys.readouterr().err
