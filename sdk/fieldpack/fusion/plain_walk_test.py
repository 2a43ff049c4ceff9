"""Every mode held against a second implementation: recursive, over dictionaries, one taxon at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldpack.exports.inat_vision_camera.facts import RANKS
from fieldpack.fusion import Answer, Mode, Options, RankType, fuse
from fieldpack.taxonomy import Taxon, Taxonomy

Node = dict[str, Any]


class Walk:
    """One question, answered slowly."""

    def __init__(self, taxonomy: Taxonomy, mode: str, options: Options) -> None:
        self.mode, self.options = mode, options
        self.phone = mode != "server"
        self.taxa: dict[str, Taxon] = {taxon.id: taxon for taxon in taxonomy.taxa}
        self.children: dict[str, list[str]] = {taxon: [] for taxon in (*self.taxa, "48460")}
        for taxon in taxonomy.taxa:
            self.children[taxon.parent or "48460"].append(taxon.id)

    def ancestors(self, taxon: str) -> list[str]:
        found, here = [], self.taxa[taxon].parent if taxon != "48460" else None
        while here:
            found.append(here)
            here = self.taxa[here].parent
        return [*found, "48460"][::-1] if taxon != "48460" else []

    def inside(self, taxon: str) -> bool:
        wanted = self.options.filter_taxon
        return wanted is None or wanted == taxon or wanted in self.ancestors(taxon)

    def rank_fits(self, level: float | None) -> bool:
        if level is None or level < 20:
            return False
        if self.options.rank_type == "major":
            return level % 10 == 0
        return self.options.rank_type == "unrestricted" or level <= 33

    def humans(self, leaves: list[Node]) -> list[Node]:
        window = leaves[: 100 if self.phone else 10]
        ids = [leaf["id"] for leaf in window]
        if "43584" not in ids or len(window) == 1:
            return leaves
        if ids[0] == "43584":
            first, second = window[0]["score"], window[1]["score"]
            if (second == 0 and first > 0) or (second > 0 and first / second > 1.5):
                return window[:1]
        if not self.phone and "40151" in self.taxa:
            mammals = [leaf for leaf in window if "40151" in self.ancestors(leaf["id"])]
            if len(mammals) == 1:
                return [leaf for leaf in window if leaf["id"] != "43584"]
        return []

    def combined(self, vision: list[float], geo: list[float] | None) -> dict[str, Node] | None:
        """Scores of every taxon with an output."""
        leaves: dict[str, Node] = {
            item.id: {"id": item.id, "v": vision[item.leaf], "t": item.threshold}
            for item in self.taxa.values()
            if item.leaf is not None
        }
        for taxon, leaf in leaves.items():
            leaf["g"] = None if geo is None else geo[self.taxa[taxon].leaf or 0]
        if not self.phone:
            negative = self.options.negative_filter
            chosen = {taxon: leaf for taxon, leaf in leaves.items() if negative or self.inside(taxon)}
            total = math.fsum(leaf["v"] for leaf in chosen.values())
            for leaf in chosen.values():
                if len(chosen) < len(leaves):
                    leaf["v"] = leaf["v"] / total if total else 0.0
                leaf["c"] = leaf["v"] * (1 if leaf["g"] is None else max(leaf["g"], 0.005))
                leaf["t"] = 1.0 if leaf["t"] is None else math.floor(leaf["t"] * 100000 + 1e-9) / 100000
                leaf["g"] = leaf["g"] or 0.0
            return chosen
        for leaf in leaves.values():
            leaf["c"] = leaf["v"] * (1 if leaf["g"] is None else leaf["g"])
        if geo is not None:
            total = math.fsum(leaf["c"] for leaf in leaves.values())
            if total == 0 and self.mode == "ios":
                return None
            for leaf in leaves.values():
                leaf["c"] = leaf["c"] / total if total else 0.0
        return leaves

    def aggregate(
        self, taxon: str, leaves: dict[str, Node], cutoff: float, out: dict[str, Node], lost: list[float]
    ) -> None:
        """Depth first from `taxon`, as the phones do it."""
        if not self.children[taxon]:
            if taxon not in leaves:
                return
            leaf = leaves[taxon]
            hidden = (
                self.mode != "ios"
                and self.options.filter_taxon is not None
                and self.inside(taxon) == self.options.negative_filter
            )
            if not hidden and leaf["c"] >= cutoff:
                out[taxon] = {"id": taxon, "score": leaf["c"], "v": leaf["v"], "g": leaf["g"], "t": leaf["t"]}
            elif not hidden:
                lost[0] += leaf["c"]
                lost[1] += leaf["v"]
            return
        for child in self.children[taxon]:
            self.aggregate(child, leaves, cutoff, out, lost)
        kept = [out[child] for child in self.children[taxon] if child in out]
        score = sum(node["score"] for node in kept)
        if score > 0:
            geos = [node["g"] for node in kept if node["g"] is not None]
            limits = [node["t"] for node in kept if node["t"] is not None]
            out[taxon] = {
                "id": taxon,
                "score": score,
                "v": sum(node["v"] for node in kept),
                "g": max(geos) if geos else None,
                "t": min(limits) if limits else None,
            }

    def phone_answer(self, vision: list[float], geo: list[float] | None) -> Node:
        leaves = self.combined(vision, geo)
        if leaves is None:
            return {"leaves": [], "ancestor": None, "branch": []}
        out: dict[str, Node] = {}
        lost = [0.0, 0.0]
        cutoff = self.options.cutoff
        if cutoff is None:
            cutoff = 0.001 * max(leaf["c"] for leaf in leaves.values())
        self.aggregate("48460", leaves, cutoff, out, lost)
        for node in out.values():
            node["score"] = node["score"] / (1 - lost[0])
            node["v"] = node["v"] / (1 - lost[1])
        branch, here = [], "48460"
        while here in out:
            level = 100.0 if here == "48460" else self.taxa[here].rank_level
            if (
                level is not None
                and level % 10 == 0
                and out[here]["score"] * 100 > (self.options.confidence_percent or 70)
            ):
                branch.append(here)
            below = [child for child in self.children[here] if child in out]
            here = ""
            for child in below:
                if not here or out[child]["score"] > out[here]["score"]:
                    here = child
        order = {taxon: row for row, taxon in enumerate(self.taxa)}
        found = [
            node for taxon, node in out.items() if taxon in self.taxa and self.taxa[taxon].leaf is not None
        ]
        found.sort(key=lambda node: (-node["score"], order[node["id"]]))
        told = self.humans(found[:100])
        return {"leaves": told[:10], "ancestor": self.phone_ancestor(out, told[:15]), "branch": branch}

    def phone_ancestor(self, out: dict[str, Node], best: list[Node]) -> str | None:
        top = best[0]["score"] if best else 0
        best = [leaf for leaf in best if leaf["score"] >= top * 0.01]
        total = sum(leaf["score"] for leaf in best)
        if not total:
            return None
        pool: list[Node] = [leaf | {"score": leaf["score"] / total} for leaf in best]
        for taxon, node in out.items():
            share = sum(leaf["score"] / total for leaf in best if taxon in self.ancestors(leaf["id"]))
            if any(taxon in self.ancestors(leaf["id"]) for leaf in best) and not (
                taxon == "48460" and self.mode == "ios"
            ):
                pool.append(node | {"score": share})
        near = [node for node in pool if node["g"] and node["t"] and node["g"] >= node["t"]]
        return self.lowest([node for node in pool if not near or node in near])

    def lowest(self, pool: list[Node]) -> str | None:
        level = {taxon: item.rank_level for taxon, item in self.taxa.items()} | {"48460": 100.0}
        fits = [node for node in pool if node["score"] > 0.78 and self.rank_fits(level[node["id"]])]
        return min(fits, key=lambda node: level[node["id"]] or 0)["id"] if fits else None

    def server_answer(self, vision: list[float], geo: list[float] | None) -> Node:
        leaves = self.combined(vision, geo) or {}
        total = math.fsum(leaf["c"] for leaf in leaves.values())
        found = [leaf | {"score": leaf["c"] / total if total else 0.0} for leaf in leaves.values()]
        outputs = {taxon.id: taxon.leaf or 0 for taxon in self.taxa.values()}
        found.sort(key=lambda node: (-node["c"], outputs[node["id"]]))
        told = found if self.options.keep_humans else self.humans(found)
        nodes: dict[str, Node] = {}
        counted = [leaf for leaf in told if leaf["c"] > 0.01 * told[0]["c"]][:15]
        for leaf in counted:
            for taxon in [*self.ancestors(leaf["id"])[1:], leaf["id"]]:
                node = nodes.setdefault(taxon, {"id": taxon, "score": 0.0, "g": 0.0, "t": 1.0})
                node["score"] += leaf["c"]
                node["g"] = max(node["g"], leaf["g"])
                node["t"] = min(node["t"], leaf["t"])
        roots = sum(node["score"] for taxon, node in nodes.items() if self.taxa[taxon].parent is None)
        pool = [node | {"score": node["score"] / roots} for node in nodes.values()]
        near = [node for node in pool if node["g"] >= node["t"]]
        return {"leaves": told[:10], "ancestor": self.lowest(near or pool), "branch": []}


def slowly(
    vision: list[float], geo: list[float] | None, taxonomy: Taxonomy, mode: str, options: Options
) -> Node:
    walk = Walk(taxonomy, mode, options)
    return walk.phone_answer(vision, geo) if walk.phone else walk.server_answer(vision, geo)


def ids(answer: Answer) -> Node:
    return {
        "leaves": [item.taxon.id for item in answer.predictions],
        "ancestor": None if answer.common_ancestor is None else answer.common_ancestor.taxon.id,
        "branch": [item.taxon.id for item in answer.best_branch],
    }


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[float], list[float] | None, Taxonomy, Options]:
    """A random tree with people and mammals, scores and requests; no score is a hundredth of another."""
    size = draw(st.integers(2, 18))
    parents = [draw(st.integers(-1, row - 1)) for row in range(size)]
    names = draw(st.permutations(["43584", "40151", *[str(row + 100) for row in range(size - 2)]]))
    ladder = [100.0, *sorted((level for level in RANKS if level < 100), reverse=True), *np.arange(4, 0, -0.1)]
    steps: list[int] = []
    for parent in parents:
        begin = steps[parent] if parent >= 0 else draw(st.integers(0, 12))
        steps.append(begin + draw(st.integers(1, 3)))
    inner = {parent for parent in parents if parent >= 0}
    childless = [row for row in range(size) if row not in inner]
    extra = [row for row in sorted(inner) if draw(st.integers(0, 9)) == 0]
    outputs = {row: number for number, row in enumerate(draw(st.permutations([*childless, *extra])))}
    limits = [draw(st.none() | st.sampled_from([0.0, 0.001, 0.11, 0.6, 1.0])) for _ in range(size)]
    taxa = []
    for row, parent in enumerate(parents):
        level = float(ladder[steps[row]])
        taxa.append(
            Taxon(
                names[row], None if parent < 0 else names[parent], "t", level, outputs.get(row), limits[row]
            )
        )
    count = len(outputs)
    weights = [draw(st.sampled_from([0, 0, 1, 1, 2, 8, 64, 512, 4096])) for _ in range(count)]
    total = sum(weights)
    vision = [weight / total if total else 1 / count for weight in weights]
    geo = draw(
        st.none()
        | st.lists(st.sampled_from([0.0, 0.0, 0.0019, 0.11, 0.6, 0.9]), min_size=count, max_size=count)
    )
    wanted = draw(st.none() | st.sampled_from(names))
    options = Options(
        rank_type=draw(st.sampled_from(RankType)),
        confidence_percent=draw(st.sampled_from([0.0, 25.0, 70.0])),
        cutoff=draw(st.none() | st.sampled_from([0.0, 0.05])),
        filter_taxon=wanted,
        negative_filter=wanted is not None and draw(st.booleans()),
        keep_humans=draw(st.booleans()),
    )
    return vision, geo, Taxonomy(tuple(taxa)), options


@pytest.mark.parametrize("mode", ["server", "ios", "android"])
@settings(max_examples=250)
@given(question=questions())
def test_any_question_is_answered_as_the_slow_walk_answers_it(
    mode: str, question: tuple[list[float], list[float] | None, Taxonomy, Options]
) -> None:
    vision, geo, taxonomy, options = question
    quick = fuse(vision, geo, None, taxonomy, mode, options)
    slow = slowly(vision, geo, taxonomy, mode, options)
    assert ids(quick) == slow | {"leaves": [leaf["id"] for leaf in slow["leaves"]]}
    for item, leaf in zip(quick.predictions, slow["leaves"], strict=True):
        assert item.score == pytest.approx(100 * leaf["score"], rel=1e-9, abs=1e-12)
        assert item.vision_score == pytest.approx(100 * leaf["v"], rel=1e-9, abs=1e-12)
        wanted = None if mode == "ios" and leaf["g"] == 0 else leaf["g"]
        assert item.geo_score == pytest.approx(None if wanted is None else 100 * wanted)


def test_a_large_taxonomy_is_answered_quickly_enough_to_be_used_at_all() -> None:
    genera = [Taxon(f"g{k}", None, "g", 20.0) for k in range(300)]
    species = [Taxon(str(k), f"g{k % 300}", "s", 10.0, k, 0.5) for k in range(3000)]
    scores = np.random.default_rng(0).dirichlet(np.full(3000, 0.05))
    taxonomy, geo = Taxonomy((*genera, *species)), np.random.default_rng(1).uniform(size=3000)
    for mode in ("server", "ios", "android"):
        quick = fuse(scores, geo, None, taxonomy, mode)
        assert ids(quick)["leaves"] == [
            leaf["id"] for leaf in slowly(scores.tolist(), geo.tolist(), taxonomy, mode, Options())["leaves"]
        ]


def test_the_transposed_mode_differs_in_pictures_only() -> None:
    taxonomy = Taxonomy((Taxon("1", None, "a", 20.0, 0), Taxon("2", None, "b", 20.0, 1)))
    plain, turned = (
        fuse([0.9, 0.1], None, None, taxonomy, mode) for mode in ("android", "android-transposed")
    )
    assert turned.mode is Mode.ANDROID_TRANSPOSED
    assert turned.predictions == plain.predictions
    assert turned.common_ancestor == plain.common_ancestor
