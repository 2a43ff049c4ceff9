"""The examples that each flavour gets most wrong, with small pictures for the report."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from fieldpack.bundle.write import BundleWriter
from fieldpack.data import Prepared, open_data, thumbnail
from fieldpack.spec import Spec

KEPT = 8
JPEG_QUALITY = 80


class WorstExamples:
    """Picks the examples with the largest divergence and draws them.

    Parameters
    ----------
    spec : Spec
        Names the evaluation data.
    prepared : Prepared
        The evaluation examples.
    evidence : mapping
        ``evidence/parity.json`` as measured.
    """

    def __init__(self, spec: Spec, prepared: Prepared, evidence: Mapping[str, Any]) -> None:
        self._spec = spec
        self._prepared = prepared
        self._evidence = evidence

    def write(self, writer: BundleWriter) -> dict[str, list[dict[str, Any]]]:
        """Stage the pictures; returns flavour -> rows with ``id``, ``picture``, labels and scores."""
        rows = {name: self._rows(flavour) for name, flavour in self._evidence["flavours"].items()}
        wanted = sorted({row["example"] for items in rows.values() for row in items})
        pictures = self._draw(wanted, writer)
        for items in rows.values():
            for row in items:
                row["picture"] = pictures[row["example"]]
        return rows

    def _rows(self, flavour: Mapping[str, Any]) -> list[dict[str, Any]]:
        run = next(iter(flavour["runs"].values()))
        output, parity = next(iter(run.items()))
        pooled = "windows" in flavour
        rows = []
        for item in parity["worst"][:KEPT]:
            group = item["index"] if pooled else int(self._prepared.groups[item["index"]])
            first = int(np.searchsorted(self._prepared.groups, group))
            label = -1 if self._prepared.labels is None else int(self._prepared.labels[first])
            rows.append(
                {**item, "output": output, "example": group, "id": self._prepared.ids[first], "label": label}
            )
        return rows

    def _draw(self, wanted: list[int], writer: BundleWriter) -> dict[int, str]:
        """One JPEG an example; examples are numbered as they were prepared."""
        files: dict[int, str] = {}
        spec = self._spec
        for number, example in enumerate(open_data(spec.data.evaluation, spec.pack.seed, spec.contract)):
            if number not in wanted:
                continue
            buffer = io.BytesIO()
            thumbnail(example.raw).convert("RGB").save(buffer, "JPEG", quality=JPEG_QUALITY)
            files[number] = f"evidence/worst/{number}.jpg"
            writer.add_bytes(files[number], buffer.getvalue())
        return files
