"""Worker target: a method for each layer of a TFLite file, under a size and a latency.

From sensitivities (``sensitivity.py``), a latency table of this machine where a latency is limited
(``latency_table.py``) and the exact knapsack (``fieldpack.search.knapsack``) comes a list of rules for a
TFLite flavour, verified by whoever builds it: losses of single layers only add up roughly.
"""

from __future__ import annotations

from typing import Any

from fieldpack.errors import SpecError
from fieldpack.search.knapsack import Choice, select
from fieldpack_converters import latency_table
from fieldpack_converters.source import Report, silent


def choose(
    model: str,
    layers: list[dict[str, Any]],
    methods: list[str],
    size_bytes: int | None = None,
    share: float = 1.0,
    latency_ms: float | None = None,
    report: Report = silent,
) -> dict[str, object]:
    """The rules with the least summed loss within the limits.

    Parameters
    ----------
    model : str
        Float32 TFLite file.
    layers : list of dict
        Of that file, from ``sensitivity:measure`` with these methods.
    methods : list of str
        Beside ``float32``, such as ``["dynamic_int8", "dynamic_int4"]``.
    size_bytes : int, optional
        Largest sum of the stored weights; the rest of the file comes on top.
    share : float
        The same as a share of their float32 bytes; where no size is given.
    latency_ms : float, optional
        Largest sum of the operators' latencies on this machine, one thread (evidence class ``host``).

    Returns
    -------
    dict
        ``rules``: ``{"method", "layers"}`` for every operator with weights; ``loss``, ``size_bytes``,
        ``latency_ms`` (None where not limited), ``exact`` and ``layers`` with all that was measured.

    Raises
    ------
    SpecError
        No choice keeps the limits; the message says what the smallest and the fastest choice cost.
    """
    if size_bytes is None:
        size_bytes = int(share * sum(layer["size_bytes"]["float32"] for layer in layers))
    if latency_ms is not None:
        timed: Any = latency_table.measure(model, methods, report=report)
        for layer, other in zip(layers, timed["layers"], strict=True):
            layer["latency_ms"] = other["latency_ms"]
    words = [list(layer["loss"]) for layer in layers]
    choices = [[_choice(layer, word) for word in row] for layer, row in zip(layers, words, strict=True)]
    selection = select(choices, size_bytes, latency_ms)
    if selection is None:
        raise SpecError(
            "no choice of methods fits",
            came=f"{size_bytes} bytes, {latency_ms} ms",
            allowed=f"at least {sum(min(item.size_bytes for item in row) for row in choices)} bytes and "
            f"{sum(min(item.latency_ms for item in row) for row in choices):.3g} ms",
        )
    return {
        "rules": [
            {"method": row[place], "layers": layer["layer"]}
            for row, place, layer in zip(words, selection.choices, layers, strict=True)
        ],
        "loss": selection.loss,
        "size_bytes": selection.size_bytes,
        "latency_ms": None if latency_ms is None else selection.latency_ms,
        "exact": selection.exact,
        "layers": layers,
    }


def _choice(layer: dict[str, Any], word: str) -> Choice:
    return Choice(layer["loss"][word], layer["size_bytes"][word], layer.get("latency_ms", {}).get(word, 0.0))
