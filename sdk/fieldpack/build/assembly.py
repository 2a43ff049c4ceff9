"""The last step of a build: everything that was made and measured becomes a bundle."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack import gate
from fieldpack.build.conversion import Made, SourceFacts
from fieldpack.build.encoders import MadeEncoder
from fieldpack.build.examples import Examples, golden_rows
from fieldpack.build.front_ends import MadeFrontEnd
from fieldpack.build.measurement import Measured
from fieldpack.build.packed_contract import packed_contract
from fieldpack.build.requirements import requirements_of
from fieldpack.build.sizes import sizes_of
from fieldpack.build.thresholds import Thresholds, threshold_files
from fieldpack.build.version import CountedVersion, counted_version
from fieldpack.build.worst import WorstExamples
from fieldpack.bundle.cell_tables import location_inputs
from fieldpack.bundle.digest import content_digest, sha256_file
from fieldpack.bundle.golden_sounds import golden_sounds
from fieldpack.bundle.labels import labels_bytes
from fieldpack.bundle.manifest import (
    DataLineage,
    FlavourEntry,
    FlavourKind,
    Golden,
    GoldenOutput,
    GoldenSounds,
    Lineage,
)
from fieldpack.bundle.read import Bundle
from fieldpack.bundle.resampling import resampling_tables
from fieldpack.bundle.thresholds import thresholds_bytes
from fieldpack.bundle.write import BundleWriter
from fieldpack.difference.version_step import FIRST_VERSION
from fieldpack.relative import REFERENCES
from fieldpack.runtime.flavour import PRECISIONS
from fieldpack.share import SHIPPED
from fieldpack.spec import (
    ArrayData,
    DataSource,
    FolderData,
    PlaceData,
    ProviderData,
    SceneData,
    SourceKind,
    Spec,
)
from fieldpack.taxonomy import Form, read_taxonomy, write_taxonomy
from fieldpack.verdict import Outcome, Verdict

EVIDENCE_FILE = "evidence/parity.json"
FLOAT_TOLERANCE = 1e-3
"""Of the largest absolute golden output: kernels of other CPUs add in another order."""
INTEGER_TOLERANCE = 2e-2
"""The same for integer arithmetic, where one rounding may move a value by a whole step."""
TOOLS = {
    SourceKind.KERAS: ("tensorflow", "keras"),
    SourceKind.KERAS_LEGACY: ("tensorflow", "tf-keras"),
    SourceKind.SAVED_MODEL: ("tensorflow",),
    SourceKind.TORCH: ("torch", "litert-torch"),
    SourceKind.TORCH_EXPORT: ("torch", "litert-torch"),
    SourceKind.ONNX: ("onnx", "onnxruntime", "torch", "litert-torch"),
    SourceKind.TFLITE: (),
}


@dataclass(frozen=True, slots=True)
class Written:
    """A bundle on disk: its digest, and how its version came about."""

    digest: str
    version: CountedVersion


@dataclass(frozen=True)
class Assembly:
    """Everything a bundle is written from."""

    spec: Spec
    spec_path: Path
    labels: dict[str, tuple[str, ...]]
    evaluation: Examples
    calibration: Examples | None
    facts: SourceFacts
    made: list[Made]
    measured: Measured
    training: Examples | None = None
    front_ends: tuple[MadeFrontEnd, ...] = ()
    encoders: tuple[MadeEncoder, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    background: Examples | None = None

    @cached_property
    def rows(self) -> list[int]:
        """Items of the evaluation set that become golden vectors."""
        return golden_rows(self.evaluation.count, self.spec.data.golden)

    @cached_property
    def flavours(self) -> tuple[FlavourEntry, ...]:
        """Manifest entries, in the order of the spec."""
        return tuple(self._entry(item) for item in self.made)

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The spec's budget held against what was measured."""
        return gate.hold(self.spec.budget, self.flavours, self.measured.evidence)

    @cached_property
    def sounds(self) -> list[tuple[GoldenSounds, dict[str, bytes]]]:
        """Golden sounds with the bytes of their files."""
        return golden_sounds(self.spec.contract)

    @property
    def outcome(self) -> Outcome:
        """The worst verdict."""
        return gate.outcome_of(self.verdicts)

    def write(self, writer: BundleWriter, baseline: Bundle | None = None) -> Written:
        """Stage every file and commit; the version is counted from the bundle before, if there is one."""
        for item, entry in zip(self.made, self.flavours, strict=True):
            _copy(item.path, writer.path(entry.path))
            for output, file in entry.golden.files.items():
                results = self.measured.flavours[item.name][PRECISIONS[item.kind][0]][output]
                writer.add_bytes(file, _npy(results[self.rows]))
        for front_end in self.front_ends:
            _copy(front_end.path, writer.path(front_end.entry.path))
        for encoder in self.encoders:
            _copy(encoder.path, writer.path(encoder.entry.path))
        for name, labels in self.labels.items():
            writer.add_bytes(f"labels/{name}.txt", labels_bytes(labels))
        for path, (name, values) in threshold_files(self.thresholds).items():
            writer.add_bytes(path, thresholds_bytes(self.labels[name], values))
        for declared in self.spec.contract.outputs:
            if declared.taxonomy:
                taxonomy = read_taxonomy(declared.taxonomy).labelled(self.labels[declared.name])
                taxa = write_taxonomy(taxonomy, Form.PLAIN)
                writer.add_bytes(f"labels/{declared.name}.taxonomy.csv", taxa)
        for stated, place in location_inputs(self.spec.contract):
            for name, cells in stated.tables.items():
                writer.add_bytes(place(name, cells.file), Path(cells.file).read_bytes())
        for table, data in resampling_tables(self.spec.contract):
            writer.add_bytes(table.path, data)
        for _, files in self.sounds:
            for path, data in files.items():
                writer.add_bytes(path, data)
        golden = self._golden(writer)
        worst = WorstExamples(self.spec, self.evaluation.prepared, self.measured.evidence)
        evidence = {**self.measured.evidence, "worst": worst.write(writer)}
        writer.add_bytes(EVIDENCE_FILE, _json(evidence))
        fields = self._fields(golden)
        counted = counted_version(writer, fields, self.spec.pack.version, baseline)
        lineage = {**fields["lineage"], "baseline": counted.predecessor}
        digest = writer.commit({**fields, "version": counted.version, "lineage": lineage})
        return Written(digest, counted)

    def _fields(self, golden: Golden) -> dict[str, Any]:
        pack = self.spec.pack
        contract = self.spec.contract
        return {
            "name": pack.name,
            "version": pack.version or FIRST_VERSION,
            "description": pack.description,
            "license": pack.license,
            "author": pack.author or "",
            "contract": packed_contract(contract).model_dump(mode="json"),
            "flavours": [entry.model_dump(mode="json") for entry in self.flavours],
            "golden": golden.model_dump(mode="json"),
            "lineage": self._lineage().model_dump(mode="json"),
            "budget": self._budget(),
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
            "evidence": EVIDENCE_FILE,
            "encoders": [item.entry.model_dump(mode="json") for item in self.encoders],
            "front_ends": [item.entry.model_dump(mode="json") for item in self.front_ends],
            "resampling": [table.model_dump() for table, _ in resampling_tables(contract)],
            "golden_sounds": [entry.model_dump(mode="json") for entry, _ in self.sounds],
        }

    def _budget(self) -> dict[str, Any]:
        """The budget without what it leaves out, which an older reader may not know, and without paths."""
        words = self.spec.budget.model_dump(mode="json", exclude_none=True)
        shipped = self.measured.evidence.get(REFERENCES, {}).get(SHIPPED)
        if shipped is not None:
            where = {"bundle": f"{shipped['name']}-{shipped['version']}", "digest": shipped["digest"]}
            words["shipped"] = {**words["shipped"], **where}
        else:
            words.pop("shipped", None)
        return words

    def _entry(self, item: Made) -> FlavourEntry:
        golden = self.measured.flavours[item.name][PRECISIONS[item.kind][0]]
        return FlavourEntry(
            name=item.name,
            kind=item.kind,
            path=f"flavours/{item.name}/model.{'tflite' if item.kind is FlavourKind.TFLITE else 'mlpackage'}",
            digest=content_digest(item.path),
            **sizes_of(item.path),
            inputs=item.inputs,
            outputs=item.outputs,
            requires=requirements_of(item.kind, item.path),
            compression=item.compression,
            golden=GoldenOutput(
                files={name: f"golden/flavours/{item.name}/{name}.npy" for name in golden},
                tolerance={name: _tolerance(item, array[self.rows]) for name, array in golden.items()},
            ),
            thresholds={
                name: f"flavours/{item.name}/{name}.thresholds.csv"
                for name in self.thresholds.flavours.get(item.name, ())
            },
            intervals=self.measured.fits.get(item.name, ()),
        )

    def _golden(self, writer: BundleWriter) -> Golden:
        prepared = self.evaluation.prepared
        for name, array in prepared.inputs.items():
            writer.add_bytes(f"golden/inputs/{name}.npy", _npy(np.asarray(array[self.rows])))
        for name, array in self.measured.source.items():
            writer.add_bytes(f"golden/outputs/{name}.npy", _npy(array[self.rows]))
        return Golden(
            ids=tuple(prepared.ids[row] for row in self.rows),
            inputs={name: f"golden/inputs/{name}.npy" for name in prepared.inputs},
            outputs={name: f"golden/outputs/{name}.npy" for name in self.measured.source},
        )

    def _lineage(self) -> Lineage:
        spec = self.spec
        data = {"evaluation": _data_lineage(spec.data.evaluation, self.evaluation)}
        if spec.data.calibration is not None and self.calibration is not None:
            data["calibration"] = _data_lineage(spec.data.calibration, self.calibration)
        if spec.data.training is not None and self.training is not None:
            data["training"] = _data_lineage(spec.data.training, self.training)
        if spec.data.background is not None and self.background is not None:
            data["background"] = _data_lineage(spec.data.background, self.background)
        return Lineage(
            source_kind=spec.source.kind.value,
            source_digest=self.facts.digest,
            source_parameters=self.facts.parameters,
            spec_digest=sha256_file(self.spec_path),
            seed=spec.pack.seed,
            tools=self._tools(),
            data=data,
        )

    def _tools(self) -> dict[str, str]:
        names = ["fieldpack", "numpy", "pillow", *TOOLS[self.spec.source.kind]]
        kinds = {item.kind for item in self.made}
        names += ["ai-edge-litert", "ai-edge-quantizer"] if FlavourKind.TFLITE in kinds else []
        names += ["coremltools", "torch"] if FlavourKind.COREML in kinds else []
        names += ["torch", "torch-pruning"] if self.spec.recipe else []
        names += ["tensorflow", "keras"] if self.front_ends or self.encoders else []
        names += ["ai-edge-quantizer"] if self.front_ends else []
        return {name: found for name in sorted(set(names)) if (found := _version(name)) is not None}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _tolerance(item: Made, golden: NDArray[Any]) -> float:
    """How far an answer may be from the stored one; an integer activation may fall to the next step."""
    method = item.compression.recipe[0].method
    integers = item.quantises if item.kind is FlavourKind.TFLITE else method.calibrates
    span = float(np.abs(golden).max(initial=0.0))
    share = INTEGER_TOLERANCE if integers else FLOAT_TOLERANCE
    return float(f"{max(span, 1e-6) * share:.3g}")


def _data_lineage(source: DataSource, examples: Examples) -> DataLineage:
    if isinstance(source, PlaceData):
        rows = "; ".join(f"{column} is {' or '.join(values)}" for column, values in source.where.items())
        text = f"places {Path(source.table).name}" + (f" where {rows}" if rows else "")
    elif isinstance(source, SceneData):
        text = _scenes_told(source)
    elif isinstance(source, ProviderData):
        text = f"{source.provider} split {source.split}"
    elif isinstance(source, FolderData):
        text = f"folder {Path(source.folder).name}, {source.pattern}"
    elif isinstance(source, ArrayData):
        text = "arrays " + ", ".join(sorted(Path(path).name for path in source.inputs.values()))
    else:
        rows = "; ".join(f"{column} is {' or '.join(values)}" for column, values in source.where.items())
        text = f"table {Path(source.manifest).name}" + (f" where {rows}" if rows else "")
    return DataLineage(description=text, count=examples.count, digest=examples.prepared.digest())


def _scenes_told(source: SceneData) -> str:
    names = ", ".join(Path(pair.scene).name for pair in source.scenes)
    parts = f", parts {', '.join(map(str, source.take))} of {source.folds}" if source.folds > 1 else ""
    return f"scenes {names}, blocks of {source.block} pixels{parts}"


def _copy(source: Path, target: Path) -> None:
    if source.is_file():
        shutil.copyfile(source, target)
    else:
        shutil.copytree(source, target, copy_function=shutil.copyfile)


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def _json(document: Mapping[str, Any]) -> bytes:
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8")
