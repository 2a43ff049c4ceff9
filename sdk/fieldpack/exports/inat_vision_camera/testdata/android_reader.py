"""How Android reads ``taxonomy.csv``: strict where Java is, lax where it is; ids stay text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

LIFE = "48460"
COLUMNS = ("parent_taxon_id", "taxon_id", "rank_level", "leaf_class_id", "name")


class AndroidError(Exception):
    """What Java throws, by its name."""


@dataclass
class Node:
    """One taxon of the tree."""

    key: str
    rank: float
    leaf: str
    threshold: float | None
    name: str
    children: list[Node] = field(default_factory=list)


@dataclass
class AndroidTaxonomy:
    """The tree, and how many scores the model must have."""

    life: Node
    model_size: int

    def rollup(self, scores: Sequence[float]) -> dict[int, float]:
        """Sum of the leaves below every taxon."""
        sums: dict[int, float] = {}
        _sum(self.life, scores, sums)
        return sums

    def facts(self) -> dict[int, tuple[int, float, str, float | None, str]]:
        """Taxon -> parent, rank, leaf, threshold and name."""
        found: dict[int, tuple[int, float, str, float | None, str]] = {}
        stack = [self.life]
        while stack:
            parent = stack.pop()
            for node in parent.children:
                found[int(node.key)] = (int(parent.key), node.rank, node.leaf, node.threshold, node.name)
                stack.append(node)
        return found


def read(path: Path) -> AndroidTaxonomy:
    """Read the file, or throw."""
    lines = path.read_bytes().decode("utf-8", "replace").split("\n")
    header = lines[0].split(",")
    place = {name: header.index(name) for name in (*COLUMNS, "geo_threshold") if name in header}
    if any(column not in place for column in COLUMNS):
        raise AndroidError("no such column")
    while lines and not lines[-1]:
        lines.pop()
    nodes, parents = [], []
    for line in lines[1:]:
        parts = line.strip().split(",", len(header) - 1)
        if len(parts) < len(header):
            raise AndroidError("ArrayIndexOutOfBoundsException")
        threshold = parts[place["geo_threshold"]] if "geo_threshold" in place else ""
        values = [parts[place[column]] for column in COLUMNS]
        nodes.append(
            Node(
                values[1],
                _number(values[2]),
                values[3],
                _number(threshold) if threshold else None,
                values[4],
            )
        )
        parents.append(values[0])
    return _tree(nodes, parents)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise AndroidError("NumberFormatException") from None


def _tree(nodes: list[Node], parents: list[str]) -> AndroidTaxonomy:
    life = Node(LIFE, 100.0, "", None, "Life")
    known = {LIFE: life} | {node.key: node for node in nodes}
    for node, parent in zip(nodes, parents, strict=True):
        if not parent:
            life.children.append(node)
        elif parent in known:
            known[parent].children.append(node)
        else:
            raise AndroidError("NullPointerException")
    return AndroidTaxonomy(life, sum(bool(node.leaf) for node in nodes))


def _sum(node: Node, scores: Sequence[float], sums: dict[int, float]) -> float:
    if node.children:
        total = sum(_sum(child, scores, sums) for child in node.children)
    else:
        try:
            total = scores[int(node.leaf)]
        except ValueError:
            raise AndroidError("NumberFormatException") from None
        except IndexError:
            raise AndroidError("ArrayIndexOutOfBoundsException") from None
    sums[int(node.key)] = total
    return total
