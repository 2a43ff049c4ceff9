"""Ordered quantisation rules: which operator of a TFLite file gets which method.

A rule is data; a later rule wins over an earlier one; a rule that matches nothing is an error,
since a silent miss is how a model ships unquantised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fieldpack.errors import SpecError
from fieldpack_converters.tflite_graph import Operation, TFLiteGraph


class Method(StrEnum):
    """How an operator's weights and activations are stored."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    DYNAMIC_INT8 = "dynamic_int8"
    STATIC_INT8 = "static_int8"


@dataclass(frozen=True, slots=True)
class Rule:
    """`method` on the operators whose output names match `layers` and whose type is listed."""

    method: Method
    layers: str = ".*"
    operators: tuple[str, ...] | None = None

    def matches(self, scope: str, operator: str) -> bool:
        return (self.operators is None or operator in self.operators) and bool(re.search(self.layers, scope))


def rules_from(words: list[dict[str, Any]], default: Method) -> tuple[Rule, ...]:
    """The default rule (everything gets the flavour's method) and the recipe's own rules.

    Raises
    ------
    SpecError
        If a method, a key or a regular expression is wrong.
    """
    return (Rule(default), *(_rule(index, item) for index, item in enumerate(words)))


def _rule(index: int, item: dict[str, Any]) -> Rule:
    unknown = set(item) - {"method", "layers", "operators"}
    methods = [method.value for method in Method]
    if unknown or item.get("method") not in methods:
        raise SpecError(
            f"Rule {index} of the recipe is wrong.",
            came=item,
            allowed=f"method ({', '.join(methods)}), layers, operators",
        )
    layers = item.get("layers") or ".*"
    try:
        re.compile(layers)
    except re.error as error:
        raise SpecError(
            f"layers of rule {index} is no regular expression.", came=f"{layers}: {error}"
        ) from error
    operators = item.get("operators")
    return Rule(Method(item["method"]), layers, None if operators is None else tuple(operators))


def matched_operations(graph: TFLiteGraph, rules: tuple[Rule, ...]) -> dict[int, list[Operation]]:
    """For every rule the operators it matches (before later rules win).

    Raises
    ------
    SpecError
        If a rule matches no operator.
    """
    operations = list(graph.operations())
    found: dict[int, list[Operation]] = {}
    for index, rule in enumerate(rules):
        found[index] = [item for item in operations if rule.matches(graph.scope(item), item.name)]
        if not found[index]:
            raise SpecError(
                f"Rule {index - 1} of the recipe matches no operator.",
                came=f"layers {rule.layers!r}, operators {rule.operators}",
                allowed="operators: "
                + ", ".join(sorted({item.name for item in operations}))
                + "; layers such as "
                + ", ".join(repr(graph.scope(item)[:80]) for item in operations[:3]),
                hint="list the layers with fieldpack inspect",
            )
    return found


def chosen_methods(graph: TFLiteGraph, rules: tuple[Rule, ...]) -> dict[int, Method]:
    """The method of every operator by its index: the last rule that matches."""
    chosen: dict[int, Method] = {}
    for operation in graph.operations():
        for rule in rules:
            if rule.matches(graph.scope(operation), operation.name):
                chosen[operation.index] = rule.method
    return chosen
