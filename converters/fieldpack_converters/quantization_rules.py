"""Ordered quantisation rules: which operator of a TFLite file gets which method.

A rule is data; a later rule wins over an earlier one; a rule that matches nothing is an error,
since a silent miss is how a model ships unquantised.
"""

from __future__ import annotations

import re
from typing import Any

from fieldpack.errors import SpecError
from fieldpack.model import validated
from fieldpack.recipe import Method, Rule
from fieldpack_converters.tflite_graph import Operation, TFLiteGraph

TFLITE_METHODS = (
    Method.FLOAT32,
    Method.FLOAT16,
    Method.DYNAMIC_INT8,
    Method.DYNAMIC_INT4,
    Method.STATIC_INT8,
    Method.WEIGHT_INT8,
    Method.WEIGHT_INT4,
)


def rules_from(words: list[dict[str, Any]], default: Method) -> tuple[Rule, ...]:
    """The default rule (everything gets the flavour's method) and the recipe's own rules.

    Raises
    ------
    SpecError
        If a method, a key or a regular expression is wrong.
    """
    rules = [
        validated(Rule, item, f"rule {index} of the recipe", SpecError) for index, item in enumerate(words)
    ]
    for index, rule in enumerate(rules):
        if rule.method not in TFLITE_METHODS:
            raise SpecError(
                f"rule {index} of the recipe is no rule for TFLite",
                came=rule.method.value,
                allowed=", ".join(method.value for method in TFLITE_METHODS),
            )
    return (Rule(method=default, layers=".*"), *rules)


def rule_matches(rule: Rule, scope: str, operator: str) -> bool:
    """Whether a rule speaks of an operator of this type that writes tensors of these names."""
    typed = rule.operators is None or operator in rule.operators
    return typed and bool(re.search(rule.layers, scope))


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
        found[index] = [item for item in operations if rule_matches(rule, graph.scope(item), item.name)]
        if not found[index]:
            raise SpecError(
                f"Rule {index - 1} of the recipe matches no operator.",
                came=f"layers {rule.layers!r}, operators {rule.operators}",
                allowed="operators: "
                + ", ".join(sorted({item.name for item in operations}))
                + "; layers such as "
                + ", ".join(repr(graph.scope(item)[:80]) for item in operations[:3]),
                hint="list the layers: fieldpack inspect --layers on the float32 .tflite of a bundle",
            )
    return found


def chosen_methods(graph: TFLiteGraph, rules: tuple[Rule, ...]) -> dict[int, Method]:
    """The method of every operator by its index: the last rule that matches."""
    chosen: dict[int, Method] = {}
    for operation in graph.operations():
        for rule in rules:
            if rule_matches(rule, graph.scope(operation), operation.name):
                chosen[operation.index] = rule.method
    return chosen
