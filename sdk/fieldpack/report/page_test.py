"""The page as a reader's browser gets it: parsed with the standard library and held against the evidence."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.budget import Budget, Limits
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.bundle.write import BundleWriter
from fieldpack.errors import BundleError
from fieldpack.parity.regression import compare_values
from fieldpack.report.conftest import BUDGET, FLAVOURS, evidence_of, labels_of, verdicts_of, write_bundle
from fieldpack.report.examples import pictures_within
from fieldpack.report.material import gather
from fieldpack.report.page import LARGEST_BYTES, render
from fieldpack.testing import tiny_bundle, tiny_content
from fieldpack.verdict import Outcome, Verdict

VOID = {"meta", "img", "br", "hr"}


@dataclass
class Node:
    """An element of the parsed page."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def all(self, tag: str, class_: str = "") -> list[Node]:
        return [
            node
            for node in self.walk()
            if node.tag == tag and (not class_ or class_ in node.attributes.get("class", "").split())
        ]

    def one(self, tag: str, class_: str = "") -> Node:
        (node,) = self.all(tag, class_)
        return node

    @property
    def text(self) -> str:
        pieces = [child if isinstance(child, str) else child.text for child in self.children]
        return "".join(pieces).replace("\u202f", " ")


class Tree(HTMLParser):
    """Builds nodes and refuses what is not closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), attrs
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse(page: str) -> Node:
    tree = Tree()
    tree.feed(page)
    tree.close()
    assert tree.open == [tree.root]
    return tree.root


def section(root: Node, name: str) -> Node:
    (found,) = [node for node in root.all("section") if node.attributes["id"] == name]
    return found


@pytest.fixture(scope="module")
def root(page: str) -> Node:
    return parse(page)


@pytest.fixture(scope="module")
def evidence(meadow: Bundle) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(meadow.read("evidence/parity.json"))
    return values


def stored(evidence: Mapping[str, Any], flavour: str, precision: str, name: str) -> dict[str, Any]:
    figures = evidence["flavours"][flavour]["runs"][precision]["scores"]["figures"]
    (found,) = [figure for figure in figures if figure["name"] == name]
    return dict(found)


def number(text: str) -> float:
    """The first number of a text."""
    found = re.search(r"[−-]?[\d,]+(\.\d+)?(e[−-]?\d+)?", text)
    assert found, text
    return float(found[0].replace("−", "-").replace(",", ""))


# -- the document --------------------------------------------------------------------------------


def test_the_page_is_one_well_formed_document(page: str, root: Node) -> None:
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert len(root.all("h1")) == 1
    assert root.one("head").one("title").text == "meadow 2.1.0 – Fieldpack report"
    metas = [node.attributes for node in root.all("meta")]
    assert {"charset": "utf-8"} in metas
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in metas
    ids = [node.attributes["id"] for node in root.walk() if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    targets = [node.attributes["href"] for node in root.walk() if "href" in node.attributes]
    assert targets
    assert {target.removeprefix("#") for target in targets} <= set(ids)


def test_the_sections_stand_in_their_order(root: Node) -> None:
    names = [node.attributes["id"] for node in root.all("section")]
    assert names == ["verdicts", "size", "flavours", "classes", "examples", "layers", "lineage", "glossary"]


def test_nothing_is_asked_of_the_network(page: str, root: Node) -> None:
    assert "http://" not in page
    assert "https://" not in page
    style = root.one("style").text
    assert "url(" not in style
    assert "@import" not in style
    for node in root.walk():
        assert node.tag not in {"script", "link", "iframe", "object", "embed", "form", "base"}
        assert node.attributes.get("src", "data:image/jpeg;base64,").startswith("data:image/jpeg;base64,")
        assert node.attributes.get("href", "#").startswith("#")
        assert not [name for name in node.attributes if name.startswith("on")]
    policies = [node.attributes["content"] for node in root.all("meta") if "http-equiv" in node.attributes]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_hostile_text_is_shown_as_text(page: str, root: Node) -> None:
    assert '<script>alert("1")</script> & <img src=x onerror=alert(1)>' in root.one("p", "lead").text
    assert "\u202e" not in page
    shown = " ".join(node.text for node in section(root, "classes").all("bdi"))
    assert "<script>alert(2)</script>" in shown
    assert not root.all("script")


def test_readers_without_eyes_or_colour_are_served(root: Node) -> None:
    for node in root.all("img"):
        assert node.attributes["alt"]
    for node in root.all("th"):
        assert "scope" in node.attributes
    for node in root.all("table"):
        assert node.all("th")
    nested = {id(inner) for node in root.all("svg") for inner in node.all("svg")[1:]}
    for node in root.all("svg"):
        if id(node) in nested or node.attributes.get("aria-hidden") == "true":
            continue
        assert node.attributes["role"] == "img"
        assert node.all("title") or node.attributes["aria-label"]
    shapes = {node.attributes["id"]: node.one("path", "shape").attributes["d"] for node in root.all("symbol")}
    assert len(set(shapes.values())) == 4


def test_equal_bundles_give_equal_bytes(meadow: Bundle, page: str) -> None:
    with open_bundle(meadow.location) as again:
        assert render(again, verdicts_of(again)) == page


# -- verdicts ------------------------------------------------------------------------------------


def verdict_rows(root: Node) -> dict[tuple[str, str], Node]:
    rows = {}
    for body in root.one("table", "verdicts").all("tbody"):
        subject = body.one("tr", "group").all("span")[0].text
        for row in body.all("tr"):
            if "group" not in row.attributes["class"]:
                rows[subject, row.one("code").text] = row
    return rows


def cells(row: Node) -> dict[str, Node]:
    return {node.attributes["data-label"]: node for node in row.all("td")}


def test_every_verdict_is_shown_as_judged(meadow: Bundle, root: Node) -> None:
    rows, verdicts = verdict_rows(root), verdicts_of(meadow)
    assert set(rows) == {(verdict.subject, verdict.name) for verdict in verdicts}
    assert {verdict.outcome for verdict in verdicts} >= {Outcome.PASS, Outcome.FAIL}
    for verdict in verdicts:
        shown = cells(rows[verdict.subject, verdict.name])
        assert shown["Verdict"].text == verdict.outcome.value.capitalize()
        assert shown["Evidence"].text == verdict.figure.evidence.value
        assert shown["Examples"].text == ("–" if verdict.figure.n is None else f"{verdict.figure.n:,}")
        factor = 100 if verdict.figure.unit == "fraction" else 1
        value, limit = verdict.figure.value, verdict.limit
        assert value is not None
        assert limit is not None
        assert number(shown["Measured"].one("b").text) == pytest.approx(factor * value, rel=6e-3, abs=5.1e-3)
        assert number(shown["Allowed"].text) == pytest.approx(factor * limit)


def test_the_bounds_are_those_of_the_evidence(root: Node, evidence: Mapping[str, Any]) -> None:
    shown = cells(verdict_rows(root)["tflite-int8", "top1_drop"])["Measured"].one("span", "bounds").text
    figure = stored(evidence, "tflite-int8", "native", "top1_drop")
    low, high = shown.split(" to ")
    assert number(low) == pytest.approx(100 * figure["low"], abs=5.1e-3)
    assert number(high) == pytest.approx(100 * figure["high"], abs=5.1e-3)


def test_the_drawing_puts_figure_and_limit_where_they_belong(root: Node, evidence: Mapping[str, Any]) -> None:
    figure = stored(evidence, "tflite-int8", "native", "top1_drop")
    track = cells(verdict_rows(root)["tflite-int8", "top1_drop"])["Where it lies"].one("svg")
    dot, limit = (
        number(track.one("circle").attributes["cx"]),
        number(track.one("line", "limit").attributes["x1"]),
    )
    left, right = (number(track.one("line", "whisker").attributes[end]) for end in ("x1", "x2"))
    scale = (right - left) / (figure["high"] - figure["low"])
    assert dot - left == pytest.approx(scale * (figure["value"] - figure["low"]), abs=0.05)
    assert limit - left == pytest.approx(scale * (0.03 - figure["low"]), abs=0.05)


def test_the_head_says_that_limits_are_broken(meadow: Bundle, root: Node) -> None:
    verdicts = verdicts_of(meadow)
    broken = sum(verdict.outcome is Outcome.FAIL for verdict in verdicts)
    head = root.one("div", "outcome")
    assert head.text.startswith(f"FailNot ready: {broken} of {len(verdicts)} limits are broken. ")
    assert head.attributes["class"] == "outcome fail"
    tiles = [node.one("b").text for node in root.all("div", "tile")]
    held = sum(verdict.outcome is Outcome.PASS for verdict in verdicts)
    assert tiles == [f"{held} of {len(verdicts)}", "4", "579 kB", "400 examples"]


def judged(meadow: Bundle, **limits: float) -> tuple[tuple[Verdict, ...], Node]:
    verdicts = verdicts_of(meadow, Budget.model_validate({"every": limits}))
    return verdicts, parse(render(meadow, verdicts))


def test_an_open_verdict_says_what_would_settle_it(meadow: Bundle) -> None:
    verdicts, root = judged(meadow, top1_drop=0.24)
    (verdict,) = [item for item in verdicts if item.subject == "tflite-int8"]
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.settles_at is not None
    shown = cells(verdict_rows(root)["tflite-int8", "top1_drop"])
    assert shown["To settle"].text == f"about {verdict.settles_at:,} examples"
    assert root.one("div", "outcome").text.startswith("InconclusiveNot settled: ")


def test_a_budget_that_holds_says_ready(meadow: Bundle) -> None:
    _, root = judged(meadow, installed_bytes=5_000_000)
    assert root.one("div", "outcome").text == "PassReady under this budget: all 4 limits of 4 flavours hold."


# -- size against accuracy -----------------------------------------------------------------------


def worse(evidence: Mapping[str, Any], flavour: str, name: str) -> float:
    return float(min(stored(evidence, flavour, run, name)["value"] for run in FLAVOURS[flavour]["runs"]))


def test_points_stand_at_their_size_and_accuracy(
    meadow: Bundle, root: Node, evidence: Mapping[str, Any]
) -> None:
    plot = section(root, "size").one("svg", "size-plot")
    axes = list(plot.all("text", "tick"))
    ups = [
        (number(node.text) / 100, number(node.attributes["y"]) - 4)
        for node in axes
        if node.attributes["text-anchor"] == "end"
    ]
    units = {"kB": 1e3, "MB": 1e6}
    across = [
        (math.log(number(node.text) * units[node.text.split()[-1]]), number(node.attributes["x"]))
        for node in axes
        if node.attributes["text-anchor"] == "middle"
    ]
    assert len(ups) >= 3
    assert len(across) >= 2
    points = {node.one("text", "name").text: node for node in plot.all("svg", "point")}
    assert list(points) == list(FLAVOURS)
    for flavour in meadow.manifest.flavours:
        accuracy = worse(evidence, flavour.name, "flavour_top1")
        point = points[flavour.name]
        assert number(point.attributes["y"]) == pytest.approx(_line(ups, accuracy), abs=0.1)
        assert number(point.attributes["x"]) == pytest.approx(
            _line(across, math.log(flavour.installed_bytes)), abs=0.1
        )
        assert number(point.one("text", "figures").text) == pytest.approx(100 * accuracy, abs=0.051)
    source = stored(evidence, "tflite-int8", "native", "source_top1")["value"]
    assert number(plot.one("line", "reference").attributes["y1"]) == pytest.approx(
        _line(ups, source), abs=0.1
    )
    assert plot.one("text", "reference-label").text == f"source model {100 * source:.1f} %"


def _line(marks: list[tuple[float, float]], value: float) -> float:
    (a, at_a), (b, at_b) = marks[0], marks[-1]
    return at_a + (value - a) / (b - a) * (at_b - at_a)


def test_shapes_tell_host_from_reference(root: Node) -> None:
    plot = section(root, "size").one("svg", "size-plot")
    shapes = {
        node.one("text", "name").text: node.one("path", "marker").attributes["d"]
        for node in plot.all("svg", "point")
    }
    assert shapes["tflite-int8"] == shapes["tflite-float32"] != shapes["coreml-float16"]
    assert "circle host, diamond reference" in section(root, "size").one("figcaption").text


def test_without_labels_agreement_takes_the_place_of_accuracy(tmp_path: Path) -> None:
    with open_bundle(write_bundle(tmp_path / "b", evidence_of(12, labelled=False), 12)) as bundle:
        verdicts = verdicts_of(bundle)
        root = parse(render(bundle, verdicts))
    size = section(root, "size")
    assert size.all("p")[0].text.startswith("Same top answer as the source")
    assert size.one("text", "reference-label").text == "source model"
    assert "without labels" in root.text
    shown = cells(verdict_rows(root)["tflite-int8", "top1_drop"])
    assert shown["Verdict"].text == "Not run"
    assert shown["Measured"].text == "not measured"
    assert shown["Where it lies"].text == "–"
    unknown = [verdict for verdict in verdicts if verdict.outcome is Outcome.NOT_RUN]
    assert {verdict.name for verdict in unknown} == {"top1_drop", "worst_slice_drop"}
    assert "✗" not in root.text


# -- flavours ------------------------------------------------------------------------------------


def cards(root: Node) -> dict[str, Node]:
    return {str(node.one("h3").children[0]).strip(): node for node in root.all("article", "card")}


def test_a_card_says_what_to_feed_and_what_comes_out(root: Node) -> None:
    card = cards(root)["coreml-float16"].text
    assert "iOS 16 or newer" in card
    assert "float32 [1, 3, 8, 8], NCHW, tensor x" in card
    assert f"({1 / (255 * 0.229):.9g}, {-0.485 / 0.229:.9g})" in card
    assert "largest centred crop, 87.5 % of its sides, bilinear" in card
    assert "conv × 14" in card
    card = cards(root)["tflite-int8"].text
    assert "TFLite (LiteRT) runtime 2.11.0 or newer" in card
    assert "q = round(x / 0.0078125) + 128" in card
    assert "40 labels: probabilities that sum to 1 (softmax)" in card
    assert "31 of 33 operators changed their number format, 2 stayed float32." in card
    assert "1 product of two activations (attention) had no weights to store." in card
    assert "had no weights" not in cards(root)["tflite-float32"].text


def test_unknown_operators_are_loud(root: Node) -> None:
    (alarm,) = cards(root)["tflite-int8"].all("p", "alarm")
    assert alarm.text.startswith(
        "Not certain that phones can run this: 1 unknown operator. CONV_2D v3. Newer than"
    )
    assert cards(root)["tflite-int8"].one("li", "unknown").text == "CONV_2D v3 unknown"
    assert not cards(root)["tflite-float32"].all("p", "alarm")


def test_all_figures_of_both_precisions_are_listed(root: Node, evidence: Mapping[str, Any]) -> None:
    tables = cards(root)["coreml-float16"].all("table")
    assert [table.one("caption").text for table in tables] == [
        "scores, float16-rounded arithmetic",
        "scores, float32 arithmetic",
    ]
    for table, precision in zip(tables, ("fp16", "fp32"), strict=True):
        shown = {row.one("code").text: row.all("td") for row in table.all("tr")[1:]}
        figure = stored(evidence, "coreml-float16", precision, "top1_agreement")
        assert number(shown["top1_agreement"][0].text) == pytest.approx(100 * figure["value"], abs=5.1e-3)
        assert int(shown["top1_agreement"][2].text) == figure["n"]


# -- classes, examples, layers -------------------------------------------------------------------


def flavour_part(root: Node, part: str, name: str) -> Node:
    (found,) = [
        node for node in section(root, part).all("details", "flavour") if node.one("h3").text.startswith(name)
    ]
    return found


def test_classes_are_sorted_by_drop_and_say_what_is_hidden(root: Node, evidence: Mapping[str, Any]) -> None:
    table = flavour_part(root, "classes", "tflite-int8").all("table", "rows")[0]
    classes = evidence["flavours"]["tflite-int8"]["runs"]["native"]["scores"]["classes"]
    drops = {row["index"]: row["source_recall"] - row["flavour_recall"] for row in classes}
    order = sorted(classes, key=lambda row: (-drops[row["index"]], -row["n"], row["index"]))
    expected = order[:20] + order[-5:]
    rows = [row for row in table.all("tr")[1:] if "gap" not in row.attributes.get("class", "")]
    assert len(rows) == 25
    for row, change in zip(rows, expected, strict=True):
        assert row.one("bdi").text.startswith(labels_of(40)[change["index"]].split("\u202e")[0][:50])
        assert row.one("small").text.startswith(f"n = {change['n']}, recall ")
        assert number(row.one("b").text) == pytest.approx(100 * drops[change["index"]], abs=0.051)
        low, high = row.one("span", "bounds").text.split(" to ")
        assert number(low) == pytest.approx(100 * change["low"], abs=0.051)
        assert number(high) == pytest.approx(100 * change["high"], abs=0.051)
    gap = table.one("tr", "gap")
    assert table.all("tr").index(gap) == 21
    assert gap.text == f"{len(classes) - 25} classes between the worst 20 and the best 5 are hidden"
    assert "Single classes are not proof" in section(root, "classes").text


def test_slices_stand_beside_the_classes(root: Node, evidence: Mapping[str, Any]) -> None:
    table = flavour_part(root, "classes", "tflite-int8").all("table", "rows")[1]
    slices = evidence["flavours"]["tflite-int8"]["runs"]["native"]["scores"]["slices"]["group"]
    worst = max(slices, key=lambda name: slices[name]["drop"])
    first = table.all("tr")[1]
    assert first.one("bdi").text == worst
    assert number(first.one("b").text) == pytest.approx(100 * slices[worst]["drop"], abs=0.051)


def test_examples_show_picture_answers_and_truth(
    meadow: Bundle, root: Node, evidence: Mapping[str, Any]
) -> None:
    shown = flavour_part(root, "examples", "tflite-int8").all("article", "example")
    rows = evidence["worst"]["tflite-int8"]
    assert len(shown) == len(rows) == 8
    labels = labels_of(40)
    pictures = 0
    for card, row in zip(shown, rows, strict=True):
        if row["picture"] in ("evidence/worst/3.jpg", "evidence/worst/4.jpg"):
            assert card.one("div", "picture").text == "no picture"
        else:
            data = base64.b64decode(card.one("img").attributes["src"].split(",")[1])
            assert data == meadow.read(row["picture"])
            pictures += 1
        terms = [node.text for node in card.all("dt")]
        values = [node.text for node in card.all("dd")]
        assert terms == ["truth", "source", "flavour"]
        for value, index in zip(values, (row["label"], row["source_top1"], row["flavour_top1"]), strict=True):
            assert value.startswith(labels[index][:40])
        assert f"{100 * row['source_probability']:.0f} %" in values[1]
        assert ("✓" in values[2]) == (row["flavour_top1"] == row["label"])
        assert ("changed" in card.attributes["class"]) == (row["source_top1"] != row["flavour_top1"])
    assert pictures > 0


def test_pictures_stop_where_the_page_would_be_too_large(meadow: Bundle) -> None:
    material = gather(meadow, ())
    everything = pictures_within(material, 500_000)
    assert set(everything) == {f"evidence/worst/{number}.jpg" for number in range(3)}
    assert pictures_within(material, 100) == {}


def test_the_lowest_layers_come_first_and_broken_ones_before_them(
    root: Node, evidence: Mapping[str, Any]
) -> None:
    part = flavour_part(root, "layers", "tflite-int8")
    rows = part.one("table", "layers").all("tr")[1:]
    assert len(rows) == 25
    assert rows[0].one("b").text == "broken"
    layers = evidence["flavours"]["tflite-int8"]["layers"]
    levels = sorted(layer["sqnr_db"] for layer in layers if isinstance(layer["sqnr_db"], float))
    shown = [number(row.one("b").text) for row in rows[1:]]
    assert shown == pytest.approx(levels[:24], abs=0.051)
    bar = rows[1].one("rect", "bar").attributes["width"]
    assert number(bar) == pytest.approx(100 * levels[0] / 60, abs=0.01)
    assert rows[1].one("bdi").text.startswith("block_")
    assert flavour_part(root, "layers", "coreml-float16").one("h3").text == "coreml-float16: fp16 risk"
    columns = sum(path.attributes["d"].count("M") for path in part.one("svg", "strip-plot").all("path"))
    assert columns == len(layers)


def test_the_lineage_says_how_to_build_it_again(meadow: Bundle, root: Node) -> None:
    text = section(root, "lineage").text
    assert meadow.manifest.lineage.source_digest in text
    assert "475,544 parameters" in text
    assert "tensorflow 2.21.0" in text
    assert "fieldpack rebuild pack.toml --check BUNDLE" in text


# -- other bundles -------------------------------------------------------------------------------


def test_ten_thousand_classes_stay_below_a_megabyte(tmp_path: Path) -> None:
    evidence = evidence_of(40)
    random = np.random.default_rng(1)
    for flavour in evidence["flavours"].values():
        for run in flavour["runs"].values():
            run["scores"]["classes"] = [
                {
                    "index": index,
                    "n": 10,
                    "source_recall": 0.9,
                    "flavour_recall": round(float(random.uniform(0.5, 1)), 3),
                    "losses": 1,
                    "gains": 0,
                    "low": -0.1,
                    "high": 0.4,
                }
                for index in range(10_000)
            ]
            run["scores"]["slices"] = {
                "place": {
                    f"place {number}": {
                        "items": 3,
                        "agreement": 0.5,
                        "n": 3,
                        "drop": 0.1,
                        "low": 0,
                        "high": 0.2,
                    }
                    for number in range(3000)
                }
            }
        flavour["layers"] = evidence["flavours"]["tflite-int8"]["layers"] * 10
    with open_bundle(write_bundle(tmp_path / "b", evidence, 10_000)) as bundle:
        page = render(bundle, verdicts_of(bundle))
    assert len(page.encode()) < LARGEST_BYTES
    assert "9,975 classes between the worst 20 and the best 5 are hidden" in page
    assert "2,975 slices between" in page


def test_a_bundle_that_nothing_measured_has_a_page(tmp_path: Path) -> None:
    with open_bundle(tiny_bundle(tmp_path / "tiny")) as bundle:
        root = parse(render(bundle, verdicts_of(bundle)))
    assert [node.attributes["id"] for node in root.all("section")] == [
        "verdicts",
        "flavours",
        "lineage",
        "glossary",
    ]
    assert "Nothing was measured of this flavour." in root.text
    assert "four made-up traits; from −1 to 1" in root.text


def test_a_regression_shows_its_outputs(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    source = random.normal(0, 5, (60, 3))
    parity = compare_values(source, source + random.normal(0, [0.1, 0.5, 0.2], (60, 3))).as_dict()
    evidence = {"examples": 60, "flavours": {"tflite-float32": {"runs": {"native": {"scores": parity}}}}}
    with BundleWriter(tmp_path / "b") as writer:
        fields = tiny_content(writer)
        writer.add_bytes("evidence/parity.json", json.dumps(evidence).encode())
        (writer.path("labels.txt")).unlink()
        fields["contract"]["outputs"] = [{"name": "scores", "activation": "linear", "unit": "metre"}]
        writer.commit(fields)
    with open_bundle(tmp_path / "b") as bundle:
        root = parse(render(bundle, verdicts_of(bundle)))
    assert "Values in metre" in root.text
    rows = section(root, "classes").all("table")[0].all("tr")[1:]
    changes: Any = parity["output_changes"]
    assert [row.one("th").text for row in rows] == ["1", "2", "0"]
    assert number(rows[0].all("td")[0].text) == pytest.approx(changes[1]["rmse"], rel=1e-3)
    assert section(root, "size").all("p")[0].text.startswith("Centred cosine with the source")


@pytest.mark.parametrize(
    "evidence",
    [
        [],
        {"schema_version": 2},
        {"flavours": []},
        {"flavours": {"tflite-int8": {"layers": [{"name": 5}]}}},
        {"flavours": {"tflite-int8": {"runs": {"native": {"scores": {"figures": [{"name": "x"}]}}}}}},
        {"worst": {"tflite-int8": [{"id": "x"}]}},
    ],
)
def test_malformed_evidence_is_refused(tmp_path: Path, evidence: Any) -> None:
    bundle = open_bundle(write_bundle(tmp_path / "b", evidence, 4))
    with bundle, pytest.raises(BundleError):
        render(bundle, ())


def test_the_budget_of_the_fixture_is_the_bundles_own(meadow: Bundle) -> None:
    assert meadow.manifest.budget.every.stated() == BUDGET["every"]


def test_limits_on_time_say_what_they_were_measured_on(meadow: Bundle) -> None:
    limits = Budget(flavours={"tflite-int8": Limits(latency_ms={"host": 5.0, "adb:R5": 9.0})})
    root = parse(render(meadow, verdicts_of(meadow, limits)))
    assert "They say little of a phone." in section(root, "verdicts").text
    rows = verdict_rows(root)
    assert "Time of one run, on host" in rows["tflite-int8", "latency_ms.host"].text
    shown = cells(rows["tflite-int8", "latency_ms.adb:R5"])
    assert shown["Measured"].text == (
        "not measuredno record of this file on adb:R5; fieldpack bench run BUNDLE --on adb:R5 makes one"
    )
