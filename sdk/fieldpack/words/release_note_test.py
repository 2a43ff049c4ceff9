"""Notes on pairs of bundles that differ in one known way; :func:`note_of` looks every number up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options

from fieldpack.cli.main import main
from fieldpack.difference.testing import varied_bundle
from fieldpack.report.conftest import HOSTILE
from fieldpack.testing import tiny_bundle
from fieldpack.words.conftest import CLASSES, Kinds, changed, note_of, with_kinds

Fields = dict[str, Any]
FLAVOUR = "tflite-int8"
KINDS: Kinds = {
    "11": ("3", "Vanessa atalanta", "red admiral"),
    "12": ("3", "Pieris rapae", None),
    "13": ("4", "Apis mellifera", "honey bee"),
    "14": ("2", "Turdus merula", "blackbird"),
    **{str(number): ("1", f"Filler {number}", None) for number in range(20, 20 + CLASSES - 4)},
}


def section(note: object, title: str) -> str:
    """The text below a heading."""
    found = re.search(rf"^## {title}\n\n(.*?)(?=\n\n## |\n\n---)", str(note), re.MULTILINE | re.DOTALL)
    assert found, str(note)
    return found[1]


def varied(meadow: Path, tmp_path: Path, change: Callable[[Fields, Fields], None]) -> Path:
    return changed(meadow, tmp_path / "new", change)


def measured(evidence: Fields, flavour: str = FLAVOUR) -> Fields:
    """What was measured of a TFLite flavour."""
    found: Fields = evidence["flavours"][flavour]["runs"]["native"]["scores"]
    return found


# -- kinds ----------------------------------------------------------------------------------------


def test_new_kinds_are_named_by_class_in_the_language_of_people(meadow: Path, tmp_path: Path) -> None:
    old = with_kinds(meadow, tmp_path / "old", KINDS, "2.1.0")
    after = dict(KINDS)
    for gone in ("20", "21"):
        del after[gone]
    after |= {"31": ("2", "Parus major", "great tit"), "32": ("3", "Aglais io", "peacock | <b>")}
    note = note_of(old, with_kinds(meadow, tmp_path / "new", after))
    kinds = section(note, "Which kinds it knows")
    assert (
        "**New in this version:**\n\n- Birds (Aves): great tit (Parus major)\n- Insects (Insecta): " in kinds
    )
    assert "peacock &#124; &#60;b> (Aglais io)" in kinds
    assert "**No longer answered:**\n\n- Insects (Insecta): Filler 20, Filler 21" in kinds
    assert "It follows version 2.1.0." in str(note)


def test_other_names_and_other_places_are_told(meadow: Path, tmp_path: Path) -> None:
    old = with_kinds(meadow, tmp_path / "old", KINDS, "2.1.0")
    after = KINDS | {"13": ("4", "Apis mellifera", "western honey bee"), "12": ("4", "Pieris rapae", None)}
    kinds = section(note_of(old, with_kinds(meadow, tmp_path / "new", after)), "Which kinds it knows")
    assert "- honey bee (Apis mellifera) is now western honey bee (Apis mellifera)" in kinds
    assert "- Pieris rapae: from Lepidoptera to Hymenoptera" in kinds
    assert "New in this version" not in kinds


def test_a_first_tree_renames_nothing(meadow: Path, tmp_path: Path) -> None:
    labels: Kinds = {f"species number {number}": ("1", f"Genus {number}", None) for number in range(CLASSES)}
    bare = varied_bundle(
        meadow, tmp_path / "bare", lambda fields, files: files.update({"labels.txt": lines(labels)})
    )
    kinds = section(note_of(bare, with_kinds(meadow, tmp_path / "new", labels)), "Which kinds it knows")
    assert kinds == "The same kinds are covered as before."


def lines(words: Iterable[str]) -> bytes:
    return "".join(f"{word}\n" for word in words).encode()


def test_without_a_tree_labels_are_named(tmp_path: Path) -> None:
    old = tiny_bundle(tmp_path / "old")

    def edit(manifest: Fields, evidence: Fields) -> None:
        manifest["version"] = "1.1.0"

    new = changed(old, tmp_path / "new", edit)
    note = note_of(old, new)
    assert section(note, "Which kinds it knows") == "The same kinds are covered as before."
    assert "Nothing was measured in both versions." in str(note)


# -- better and worse -----------------------------------------------------------------------------


def test_groups_and_kinds_are_clear_or_not(meadow: Path, tmp_path: Path) -> None:
    def before(manifest: Fields, evidence: Fields) -> None:
        rows = measured(evidence)["slices"]["group"]
        rows["bees"] |= {"flavour_top1": 0.5, "n": 300}
        rows["moths"] |= {"flavour_top1": 0.9, "n": 300}
        measured(evidence)["classes"][3] |= {"flavour_recall": 0.2, "n": 150}

    def after(manifest: Fields, evidence: Fields) -> None:
        manifest["version"] = "2.2.0"
        rows = measured(evidence)["slices"]["group"]
        rows["bees"]["flavour_top1"], rows["moths"]["flavour_top1"] = 0.8, 0.6
        measured(evidence)["classes"][3]["flavour_recall"] = 0.9

    old = changed(meadow, tmp_path / "old", before)
    told = section(note_of(old, varied(old, tmp_path, after), FLAVOUR), "What got better, and what got worse")
    assert "- Clearly better among groups of examples: bees (group) from 50.0" in told
    assert "- Clearly worse among groups of examples: moths (group) from 90.0" in told
    assert "- No clear change in the other groups of examples" in told
    assert re.search(
        r"- Clearly better among kinds: species number 3 from 20\.0\W% to 90\.0\W% \(of 150\)", told
    )
    assert "- No clear change in the other kinds" in told
    assert "Clearly worse among kinds" not in told


def test_many_kinds_widen_the_intervals(meadow: Path, tmp_path: Path) -> None:
    """Alone the change would be clear; among a dozen kinds one such change is chance."""
    counts = {"n": 100}

    def edit(recall: float) -> Callable[[Fields, Fields], None]:
        def change(manifest: Fields, evidence: Fields) -> None:
            manifest["description"] = f"with {recall}"
            for row in measured(evidence)["classes"]:
                row |= counts | {"flavour_recall": 0.5}
            measured(evidence)["classes"][2]["flavour_recall"] = recall

        return change

    old = changed(meadow, tmp_path / "old", edit(0.5))
    near, far = changed(meadow, tmp_path / "near", edit(0.68)), changed(meadow, tmp_path / "far", edit(0.9))
    title = "What got better, and what got worse"
    assert "- No clear change in any kind\n" in section(note_of(old, near, FLAVOUR), title)
    assert "- Clearly better among kinds: species number 2" in section(note_of(old, far, FLAVOUR), title)


def test_a_whole_figure_is_better_worse_or_unclear(meadow: Path, tmp_path: Path) -> None:
    def edit(value: float) -> Callable[[Fields, Fields], None]:
        def change(manifest: Fields, evidence: Fields) -> None:
            manifest["description"] = f"with {value}"
            figures = measured(evidence)["figures"]
            top1 = next(item for item in figures if item["name"] == "flavour_top1")
            top1 |= {"value": value, "low": value - 0.03, "high": value + 0.03}

        return change

    old = changed(meadow, tmp_path / "old", edit(0.7))
    words = {0.8: "clearly better", 0.6: "clearly worse", 0.72: "no clear change"}
    for value, verdict in words.items():
        new = changed(meadow, tmp_path / str(value), edit(value))
        told = section(note_of(old, new, FLAVOUR), "What got better, and what got worse")
        (line,) = re.findall(r"- Right at the first guess: .*", told)
        assert re.findall(r"[\d.]+", line) == ["70.00", f"{100 * value:.2f}"]
        assert line.endswith(f", {verdict}")


def test_other_examples_are_not_compared(meadow: Path, tmp_path: Path) -> None:
    def edit(manifest: Fields, evidence: Fields) -> None:
        manifest["lineage"]["data"]["evaluation"]["digest"] = "e" * 64

    told = section(note_of(meadow, varied(meadow, tmp_path, edit)), "What got better, and what got worse")
    assert "so the two cannot be compared" in told
    assert "groups of examples" not in told
    assert "clear change" not in told


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_what_was_not_measured_is_left_out(meadow: Path, tmp_path: Path, nothing: float | None) -> None:
    def edit(manifest: Fields, evidence: Fields) -> None:
        run = measured(evidence)
        run["figures"] = [item | {"value": "nan"} for item in run["figures"]]
        for row in run["slices"]["group"].values():
            row["flavour_top1"] = nothing
        run["slices"]["empty"] = {"none": {"items": 0, "agreement": None, "n": 0, "flavour_top1": None}}

    told = section(
        note_of(meadow, varied(meadow, tmp_path, edit), FLAVOUR), "What got better, and what got worse"
    )
    assert "first guess" not in told
    assert "groups of examples" not in told
    assert "- No clear change in any kind" in told


# -- phones ---------------------------------------------------------------------------------------


def test_phones_are_told_what_they_need_and_that_nobody_measured_them(meadow: Path, tmp_path: Path) -> None:
    def edit(manifest: Fields, evidence: Fields) -> None:
        for flavour in manifest["flavours"]:
            if flavour["kind"] == "coreml":
                flavour["requires"]["ios"] = "17"

    note = note_of(meadow, varied(meadow, tmp_path, edit), FLAVOUR, "coreml-float16")
    phones = section(note, "On old phones")
    assert "- Android: needs TFLite runtime 2.11.0 or newer, as before" in phones
    assert "- Android: it uses operators that are newer than the known runtimes" in phones
    assert "- iPhone and iPad: needs iOS 17 or newer; the version before needed 16" in phones
    assert "- Android: how fast it is on a phone, and how much memory it takes, was not measured" in phones
    assert "- a flavour needs newer software" in section(note, "For those who build apps")


def test_times_of_a_real_phone_are_told_and_no_others(meadow: Path, tmp_path: Path) -> None:
    def verdict(target: str, value: float, evidence: str) -> Fields:
        figure = {"name": f"latency_ms.{target}", "value": value, "unit": "ms", "evidence": evidence, "n": 50}
        return {
            "name": f"latency_ms.{target}", "subject": FLAVOUR, "outcome": "pass", "limit": 90.0,
            "relation": "at_most", "settles_at": None, "reason": "",
            "figure": figure | {"low": value - 1, "high": value + 1},
        }  # fmt: skip

    def edit(manifest: Fields, evidence: Fields) -> None:
        manifest["verdicts"] += [verdict("adb:old-phone", 61.5, "device"), verdict("host", 4.25, "host")]

    phones = section(note_of(meadow, varied(meadow, tmp_path, edit), FLAVOUR), "On old phones")
    assert re.search(r"- Android: Time of one run, on adb:old-phone: 61\.5\Wms \(bounds: 60\.5", phones), (
        phones
    )
    assert "4.25" not in phones
    assert "was not measured" not in phones


def test_sizes_stand_before_and_now_and_changed_files_are_named(meadow: Path, tmp_path: Path) -> None:
    def edit(manifest: Fields, evidence: Fields) -> None:
        flavour = next(item for item in manifest["flavours"] if item["name"] == FLAVOUR)
        flavour["download_bytes"] = 321_000

    update = section(note_of(meadow, varied(meadow, tmp_path, edit), FLAVOUR), "What the update takes")
    (row,) = re.findall(r"\| Android, `tflite-int8` \|.*", update)
    assert re.findall(r"\d+(?= kB)", row.replace("\u202f", " ")) == ["579", "579", "434", "321"]
    assert "On Android no file of the model changes." in update


# -- the whole ------------------------------------------------------------------------------------


def test_hostile_names_are_inert(meadow: Path, tmp_path: Path) -> None:
    bad = "# x\u202e *y* [z](http://a.b) <img src=x>"
    old = with_kinds(meadow, tmp_path / "old", KINDS, "2.1.0")
    after = dict(list(KINDS.items())[:-1]) | {
        "99": ("4", bad, "- " + HOSTILE),
        "12": ("3", "1. \u866b", None),
    }
    html = str(
        github_flavored_markdown_to_html(
            str(note_of(old, with_kinds(meadow, tmp_path / "new", after))), Options.CMARK_OPT_UNSAFE
        )
    )
    assert set(re.findall(r"<(\w+)", html)) <= {
        "h1", "h2", "p", "strong", "code", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "hr",
    }  # fmt: skip
    assert "is now 1. \u866b" in html
    assert "# x&lt;U+202E&gt; *y* [z](http:\u2060//a.b)" in html


def test_the_command_prints_the_note_or_writes_it(
    meadow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def edit(manifest: Fields, evidence: Fields) -> None:
        manifest["version"] = "2.1.1"

    new = varied(meadow, tmp_path, edit)
    assert main(["notes", str(meadow), str(new)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# What is new in meadow 2.1.1\n")
    out = tmp_path / "NOTES.md"
    assert main(["notes", str(meadow), str(new), "--out", str(out)]) == 0
    assert out.read_text("utf-8") == printed
    capsys.readouterr()
    assert main(["notes", str(meadow), str(new), "--json", "--flavour", "tflite-float32"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert "**Android** (`tflite-float32`)" in answer["note"]
    assert len({item["bundle"] for item in answer["numbers"]}) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{old}", "{old}"], "both bundles are the same"),
        (["{old}", "{new}", "--flavour", "nonsense"], "the bundle has no flavour of this name"),
        (["{old}", "{torn}"], "the bundle was altered; a note with it would mislead"),
    ],
)
def test_bad_input_writes_nothing(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def edit(manifest: Fields, evidence: Fields) -> None:
        manifest["version"] = "1.0.1"

    old, torn = tiny_bundle(tmp_path / "old"), tiny_bundle(tmp_path / "torn")
    new = changed(old, tmp_path / "new", edit)
    (torn / "labels.txt").write_text("bee\n")
    places = {"old": old, "new": new, "torn": torn}
    out = tmp_path / "NOTES.md"
    given = [item.format_map({name: str(path) for name, path in places.items()}) for item in arguments]
    assert main(["notes", *given, "--out", str(out)]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()
