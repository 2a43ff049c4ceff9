"""``explain`` for Core ML files: ML Programs, and the older networks and pipelines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fieldpack.coreml.neural.layers._layer_list import LAYERS
from fieldpack.coreml.neural.network import NETWORKS
from fieldpack.coreml.ops._op_list import OPERATORS
from fieldpack.coreml.package import IOS_OF_OPSET, IOS_OF_SPECIFICATION, Package, open_package
from fieldpack.coreml.value import tensor_fact
from fieldpack.metadata.in_coreml import LABELS_KEY
from fieldpack.modelfile.explanation import EngineCover, Explanation, Layer
from fieldpack.modelfile.opened import coreml_slot

PROGRAM = "mlProgram"


def explain_coreml(path: Path, function: str | None = None) -> Explanation:
    """See :func:`fieldpack.modelfile.explanation.explain`."""
    package = open_package(path, function)
    operators = dict(package.op_histogram().most_common())
    return Explanation(
        file=path.name,
        format=f"Core ML {package.model_type}",
        size_bytes=_size(path),
        needs=f"iOS {package.minimum_ios}",
        reasons=_reasons(package),
        inputs=tuple(map(coreml_slot, package.inputs)),
        outputs=tuple(map(coreml_slot, package.outputs)),
        states=tuple(map(coreml_slot, package.states)),
        functions=package.functions,
        operators=operators,
        tensors=_tensors(package),
        weights=package.weight_storage,
        compression={k: v for k, v in operators.items() if k.startswith("constexpr_")},
        layers=tuple(Layer(*row) for row in package.operations()),
        labels=_labels(package),
        metadata=_metadata(package),
        engines=(_reference(package), _fast(package)),
        details={
            "specification_version": package.specification_version,
            "operator_set": package.opset,
            "minimum_ios": package.minimum_ios,
            "function": package.function if package.functions else None,
        },
    )


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [item for item in path.rglob("*") if item.is_file()]
    return sum(item.stat().st_size for item in files)


def _reasons(package: Package) -> tuple[str, ...]:
    version = package.specification_version
    reasons = [f"specification version {version} needs iOS {IOS_OF_SPECIFICATION[version]}"]
    if package.opset:
        reasons.append(f"operator set {package.opset} needs iOS {IOS_OF_OPSET[package.opset]}")
    return tuple(reasons)


def _tensors(package: Package) -> dict[str, int]:
    """Computed tensors of a program by declared type; the older formats declare none."""
    if package.model_type != PROGRAM:
        return {}
    facts = (tensor_fact(output.type) for op in _computed(package.block) for output in op.outputs)
    return dict(Counter(fact.dtype for fact in facts if fact is not None).most_common())


def _computed(block: Any) -> Iterator[Any]:
    for op in block.operations:
        if op.type != "const" and not op.type.startswith("constexpr_"):
            yield op
        for inner in op.blocks:
            yield from _computed(inner)


def _labels(package: Package) -> tuple[str, ...]:
    """Of a classifier, or those that Fieldpack wrote beside an array of scores."""
    stated = package.model.description.metadata.userDefined
    texts = [stated[key] for key in sorted(stated) if key.startswith(LABELS_KEY)]
    return tuple(map(str, package.labels or ())) or tuple("".join(texts[:1]).splitlines())


def _metadata(package: Package) -> dict[str, str]:
    stated = package.model.description.metadata
    fields = {
        "description": stated.shortDescription,
        "version": stated.versionString,
        "author": stated.author,
        "license": stated.license,
        **{key: value for key, value in sorted(stated.userDefined.items()) if not key.startswith(LABELS_KEY)},
        **_told("input", package.model.description.input),
        **_told("output", package.model.description.output),
    }
    return {name: str(value) for name, value in fields.items() if value}


def _told(side: str, features: Iterable[Any]) -> dict[str, str]:
    return {f"{side} {feature.name}": feature.shortDescription for feature in features}


def _reference(package: Package) -> EngineCover:
    missing = tuple(sorted(set(_lacking(package))))
    return EngineCover("reference", not missing, missing)


def _lacking(package: Package) -> Iterator[str]:
    """Operators and layers of a model, or of the models of a pipeline, that have no implementation."""
    if package.stages:
        for stage in package.stages:
            yield from _lacking(stage)
    elif package.model_type in NETWORKS:
        yield from set(package.op_histogram()) - set(LAYERS)
    else:
        yield from set(package.op_histogram()) - set(OPERATORS)


def _fast(package: Package) -> EngineCover:
    if package.model_type != PROGRAM:
        return EngineCover("fast", False, reason="runs ML Programs only")
    from fieldpack.coreml.fast.translate import uncovered

    missing = tuple(uncovered(package))
    flexible = [f.name for f in package.inputs if f.ranges is not None or f.shapes is not None]
    if flexible or package.states:
        stated = ", ".join([*flexible, *(state.name for state in package.states)])
        return EngineCover("fast", False, missing, f"runs one shape without state, and there is {stated}")
    return EngineCover("fast", not missing, missing)
