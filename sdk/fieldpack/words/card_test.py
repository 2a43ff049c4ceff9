"""The card against its bundle, the Hub's own reader, YAML, and the Markdown parser that GitHub made."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options

from fieldpack.cli.main import main
from fieldpack.exports.testing import HOSTILE, INPUTS, kind_bundle
from fieldpack.report.conftest import HOSTILE as HOSTILE_LABEL
from fieldpack.testing import tiny_bundle
from fieldpack.words.card import model_card
from fieldpack.words.conftest import changed, record_of
from fieldpack.words.testing import foreign_numbers, misquoted, unsourced_digits

HEADINGS = [
    "What it answers", "What goes in", "How it was measured", "Limits and verdicts", "Flavours and sizes",
    "How to load it", "What it does not know", "Where it comes from",
]  # fmt: skip
FIELDS = {"license", "license_name", "library_name", "pipeline_tag", "tags", "model-index"}


def parted(card: str) -> tuple[dict[str, Any], str]:
    """Metadata and body."""
    _, block, body = card.split("---\n", 2)
    read: dict[str, Any] = yaml.safe_load(block)
    return read, body


def shown(body: str) -> str:
    return str(github_flavored_markdown_to_html(body, Options.CMARK_OPT_UNSAFE))


@pytest.fixture(scope="module")
def card(meadow: Path) -> str:
    return str(model_card(record_of(meadow)))


def test_every_number_stands_in_the_bundle(meadow: Path) -> None:
    said = model_card(record_of(meadow))
    assert len(said.numbers) > 150
    assert misquoted(said, [meadow]) == []
    assert unsourced_digits(said) == ""
    assert foreign_numbers(str(said), [meadow]) == []


@pytest.mark.parametrize("kind", INPUTS)
def test_every_kind_of_input_keeps_the_law_and_hostile_names_stay_text(kind: str, tmp_path: Path) -> None:
    folder = kind_bundle(tmp_path / "b", kind)
    said = model_card(record_of(folder))
    assert misquoted(said, [folder]) == []
    assert foreign_numbers(str(said), [folder]) == []
    fields, body = parted(str(said))
    assert set(fields) <= FIELDS
    html = shown(body)
    assert re.findall(r"<h2>(.*?)</h2>", html) == HEADINGS
    assert "<!--" not in html
    words = re.escape("".join(HOSTILE.split()[:1]).replace('"', "&quot;"))
    assert re.search(words, html)


def test_a_row_of_figures_stands_beside_the_source_model(meadow: Path, card: str) -> None:
    evidence = json.loads((meadow / "evidence" / "parity.json").read_text("utf-8"))
    figures = evidence["flavours"]["tflite-int8"]["runs"]["native"]["scores"]["figures"]
    ours, theirs = (
        next(item for item in figures if item["name"] == f"{whose}_top1") for whose in ("flavour", "source")
    )
    assert ours["value"] != theirs["value"]
    low, value, high, source = (
        f"{100 * number:.2f}" for number in (ours["low"], ours["value"], ours["high"], theirs["value"])
    )
    (row,) = re.findall(r"\| `tflite-int8` \| Top-1 accuracy of the flavour \|.*", card)
    assert re.findall(r"[\d.]+", row)[2:] == [value, low, high, source, "400"]


def test_a_planted_number_is_found(tmp_path: Path) -> None:
    folder = tiny_bundle(tmp_path / "tiny")
    text = str(model_card(record_of(folder)))
    assert foreign_numbers(text, [folder]) == []
    assert foreign_numbers(text.replace("## What goes in", "## 71.37 % of What goes in"), [folder]) == [
        "71.37"
    ]


def test_the_metadata_are_those_of_the_specification(card: str) -> None:
    fields, _ = parted(card)
    assert set(fields) <= FIELDS
    assert fields["license"] == "cc0-1.0"
    assert fields["pipeline_tag"] == "image-classification"
    assert fields["tags"] == ["fieldpack", "tflite", "coreml"]
    (model,) = fields["model-index"]
    assert model["name"] == "meadow"
    assert len(model["results"]) == 4
    for result in model["results"]:
        assert {"type"} <= set(result["task"])
        assert {"type", "name", "revision"} <= set(result["dataset"])
        for metric in result["metrics"]:
            assert {"type", "value", "name"} == set(metric)
            assert isinstance(metric["value"], float)


def test_the_hub_reads_the_card(meadow: Path, card: str) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="pip install huggingface_hub")
    data = hub.ModelCard(card).data
    evidence = json.loads((meadow / "evidence" / "parity.json").read_text("utf-8"))
    figures = evidence["flavours"]["tflite-int8"]["runs"]["native"]["scores"]["figures"]
    stated = next(item["value"] for item in figures if item["name"] == "flavour_top1")
    (found,) = [
        item
        for item in data.eval_results
        if item.metric_type == "accuracy" and "tflite-int8" in item.metric_name
    ]
    assert found.metric_value == stated
    lineage = json.loads((meadow / "manifest.json").read_text("utf-8"))["lineage"]
    assert found.dataset_revision == lineage["data"]["evaluation"]["digest"]
    assert data.license == "cc0-1.0"


def test_hostile_labels_slices_and_warnings_are_inert(card: str) -> None:
    html = shown(parted(card)[1])
    assert set(re.findall(r"<(\w+)", html)) <= {
        "h1", "h2", "p", "strong", "code", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "pre",
    }  # fmt: skip
    assert HOSTILE_LABEL.split()[0].replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;") in html
    assert re.findall(r"<h2>(.*?)</h2>", html) == HEADINGS
    assert "2 pictures were &lt;b&gt;small&lt;/b&gt; | # x." in html


def test_what_is_not_known_is_said(card: str) -> None:
    gaps = card.split("## What it does not know")[1].split("##")[0]
    assert "Nothing here ran on a phone" in gaps
    assert "Time of one run, on host was not measured: `tflite-float32`." in gaps
    assert re.search(r"is right least often in: \w.* \(group, [\d.]+\W% of \d+, `", gaps)


def test_another_confidence_is_said(meadow: Path, tmp_path: Path, card: str) -> None:
    def ask(manifest: dict[str, Any], evidence: dict[str, Any]) -> None:
        manifest["budget"]["confidence"] = 0.99

    asked = str(model_card(record_of(changed(meadow, tmp_path / "asked", ask))))
    assert "Each bound here holds with 99.0\u202f%." in asked
    assert "Each bound here" not in card


def test_labels_without_an_example_are_named(meadow: Path, tmp_path: Path) -> None:
    def drop(manifest: dict[str, Any], evidence: dict[str, Any]) -> None:
        for flavour in evidence["flavours"].values():
            for run in flavour["runs"].values():
                run["scores"]["classes"] = [row for row in run["scores"]["classes"] if row["index"] != 3]

    folder = changed(meadow, tmp_path / "dropped", drop)
    assert "of these labels no example was measured: species number 3." in str(model_card(record_of(folder)))


STRANGE = 'x"\\\n: - \u202e\x00\U0001f41d'


@pytest.mark.parametrize(
    ("spdx", "expected"),
    [
        ("Apache-2.0", {"license": "apache-2.0"}),
        ("GPL-3.0-or-later", {"license": "gpl-3.0"}),
        ("ODbL-1.0", {"license": "odbl"}),
        ("MIT AND CC-BY-4.0", {"license": "other", "license_name": "MIT AND CC-BY-4.0"}),
        (
            'x"\\\n: - \u202e\x00\U0001f41d',
            {"license": "other", "license_name": 'x"\\\n: - \u202e\x00\U0001f41d'},
        ),
    ],
)
def test_licences_are_the_hubs_or_named(spdx: str, expected: dict[str, str], tmp_path: Path) -> None:
    def relicense(manifest: dict[str, Any], evidence: dict[str, Any]) -> None:
        manifest |= {"license": spdx, "author": "Field <b> team 7"}

    folder = changed(tiny_bundle(tmp_path / "tiny"), tmp_path / "other", relicense)
    fields, body = parted(str(model_card(record_of(folder))))
    assert "- Made by Field &#60;b> team 7\n" in body
    assert {name: value for name, value in fields.items() if name.startswith("license")} == expected


def test_the_command_prints_the_card_or_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = tiny_bundle(tmp_path / "tiny.fieldpack")
    assert main(["card", str(bundle)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("---\nlicense: cc0-1.0\n")
    out = tmp_path / "new" / "README.md"
    assert main(["card", str(bundle), "--out", str(out)]) == 0
    assert out.read_text("utf-8") == printed
    assert str(out) in capsys.readouterr().out
    assert main(["card", str(bundle), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["card"] == printed
    assert {"text", "bundle", "file", "pointer"} == set(answer["numbers"][0])


def test_no_card_is_made_of_an_altered_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = tiny_bundle(tmp_path / "tiny")
    (bundle / "labels.txt").write_text("bee\nmoth\nworm\n")
    out = tmp_path / "README.md"
    assert main(["card", str(bundle), "--out", str(out)]) == 2
    assert "the bundle was altered; a card of it would mislead" in capsys.readouterr().err
    assert not out.exists()
