"""How a release build of iOS reads ``taxonomy.json``: assertions are gone, nil goes on as nil."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIFE = 48460


class IosError(Exception):
    """What ends the app, or leaves it without a taxonomy."""


@dataclass
class Node:
    """One taxon of the tree; values are what JSON had."""

    key: Any
    rank: Any
    leaf: Any
    threshold: Any
    name: Any
    children: list[Node] = field(default_factory=list)


@dataclass
class IosTaxonomy:
    """The tree that hangs on Life."""

    life: Node

    def rollup(self, scores: Sequence[float]) -> dict[Any, float]:
        """Sum of the leaves below every taxon."""
        sums: dict[Any, float] = {}
        _sum(self.life, scores, sums)
        return sums

    def facts(self) -> dict[Any, tuple[Any, Any, str, Any, Any]]:
        """Taxon -> parent, rank, leaf, threshold and name."""
        found = {}
        stack = [self.life]
        while stack:
            parent = stack.pop()
            for node in parent.children:
                leaf = "" if node.leaf is None else str(node.leaf)
                found[node.key] = (parent.key, node.rank, leaf, node.threshold, node.name)
                stack.append(node)
        return found


def read(path: Path) -> IosTaxonomy:
    """Read the file, or fail."""
    try:
        taxa = json.loads(path.read_bytes(), parse_constant=_refuse)
    except ValueError as error:
        raise IosError("NSJSONSerialization") from error
    if not isinstance(taxa, list) or not all(isinstance(entry, dict) for entry in taxa):
        raise IosError("unrecognized selector")
    life = Node(LIFE, 100, None, None, "Life")
    nodes = [
        Node(
            entry.get("taxon_id"),
            entry.get("rank_level"),
            entry.get("leaf_class_id"),
            entry.get("geo_threshold"),
            entry.get("name"),
        )
        for entry in taxa
    ]
    if any(node.key is None for node in nodes):
        raise IosError("NSInvalidArgumentException")
    known = {node.key: node for node in nodes}
    for node, entry in zip(nodes, taxa, strict=True):
        parent = entry.get("parent_taxon_id")
        owner = life if parent is None else known.get(parent)
        if owner is not None:
            owner.children.append(node)
    return IosTaxonomy(life)


def _refuse(word: str) -> None:
    raise ValueError(word)


def _sum(node: Node, scores: Sequence[float], sums: dict[Any, float]) -> float:
    if node.children:
        total = sum(_sum(child, scores, sums) for child in node.children)
    else:
        index = int(node.leaf or 0)
        if index >= len(scores):
            raise IosError("NSRangeException")
        total = scores[index]
    sums[node.key] = total
    return total
