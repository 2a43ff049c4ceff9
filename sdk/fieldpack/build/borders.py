"""How the contract meets the tensors of a file: found in the file, checked, never assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fieldpack.bundle.manifest import Border, FlavourKind, Quantization
from fieldpack.contract import Contract, GridInput, ImageInput, Input, Output, RasterInput
from fieldpack.errors import ContractError
from fieldpack.runtime.estimate_shape import channel_axis
from fieldpack.tflite.facts import Tensor

Layout = Literal["NHWC", "NCHW"]


@dataclass(frozen=True, slots=True)
class FoundTensor:
    """What a file says about one of its border tensors."""

    name: str
    shape: tuple[int, ...]
    dtype: Any
    quantization: Quantization | None = None


def find_borders(
    kind: FlavourKind, path: Path, contract: Contract, *, folded: bool
) -> tuple[tuple[Border, ...], tuple[Border, ...]]:
    """Borders of a flavour's file, in contract order.

    Parameters
    ----------
    kind : FlavourKind
        What the file is.
    path : Path
        The file.
    contract : Contract
        What is expected of it.
    folded : bool
        Whether the graph takes pixels 0..255.

    Raises
    ------
    ContractError
        Number, shape or label count differ between the contract and the file.
    """
    inputs, outputs = _tflite(path) if kind is FlavourKind.TFLITE else _coreml(path)
    _same_count("inputs", contract.inputs, inputs)
    _same_count("outputs", contract.outputs, outputs)
    ordered_in = _in_contract_order([item.name for item in contract.inputs], inputs)
    ordered_out = _in_contract_order([item.name for item in contract.outputs], outputs)
    return (
        tuple(_input(item, found, folded) for item, found in zip(contract.inputs, ordered_in, strict=True)),
        tuple(_output(item, found) for item, found in zip(contract.outputs, ordered_out, strict=True)),
    )


def _tflite(path: Path) -> tuple[list[FoundTensor], list[FoundTensor]]:
    from fieldpack.tflite.file import open_model

    model = open_model(path)

    return (
        [_tflite_tensor(name, item) for name, item in zip(model.input_names, model.inputs, strict=True)],
        [_tflite_tensor(name, item) for name, item in zip(model.output_names, model.outputs, strict=True)],
    )


def _tflite_tensor(name: str, tensor: Tensor) -> FoundTensor:
    quantization = None
    if tensor.scale:
        quantization = Quantization(scale=tensor.scale[0], zero_point=tensor.zero_point[0])
    return FoundTensor(name, tensor.shape, tensor.dtype, quantization)


def _coreml(path: Path) -> tuple[list[FoundTensor], list[FoundTensor]]:
    from fieldpack.coreml.package import open_package

    package = open_package(path)
    return (
        [FoundTensor(item.name, item.shape, item.dtype) for item in package.inputs],
        [FoundTensor(item.name, item.shape, item.dtype) for item in package.outputs],
    )


def _same_count(what: str, expected: Sequence[object], found: Sequence[object]) -> None:
    if len(expected) != len(found):
        raise ContractError(
            f"the contract and the model differ in the number of {what}",
            came=f"the model has {len(found)}",
            allowed=f"the contract's {len(expected)}",
            hint=f"give one [[contract.{what}]] table for each of the model's {what}",
        )


def _in_contract_order(names: list[str], found: list[FoundTensor]) -> list[FoundTensor]:
    """By name where the file carries the contract's names, else in the file's order."""
    by_name = {tensor.name: tensor for tensor in found}
    return [by_name[name] for name in names] if set(names) == set(by_name) else found


def _input(item: Input, found: FoundTensor, folded: bool) -> Border:
    layout: Layout | None = None
    scale: tuple[float, ...] | None = None
    offset: tuple[float, ...] | None = None
    expected = [(1, *item.shape)]
    if isinstance(item, GridInput):
        nhwc, nchw = (1, item.height, item.width, item.channels), (1, item.channels, item.height, item.width)
        expected = [nhwc, nchw]
        layout = "NHWC" if found.shape == nhwc else "NCHW"
        if isinstance(item, ImageInput) and not folded:
            scale, offset = item.scale_offset()
    batched = isinstance(item, GridInput) or found.shape != item.shape
    if batched and found.shape not in expected:
        raise ContractError(
            f"input {item.name} of the contract does not fit the model",
            came=f"the model takes {list(found.shape)}",
            allowed=" or ".join(str(list(shape)) for shape in expected),
            hint="set the sizes, channels and layout of [[contract.inputs]] to the model's",
        )
    return Border(
        name=item.name,
        tensor=found.name,
        shape=found.shape,
        dtype=found.dtype,
        layout=layout,
        scale=scale,
        offset=offset,
        quantization=found.quantization,
        batched=batched,
    )


def _output(item: Output, found: FoundTensor) -> Border:
    layout: Layout | None = None
    if item.estimate is not None:
        axis = channel_axis(item.name, found.shape)
        layout = None if axis is None else "NCHW" if axis == 1 else "NHWC"
    return Border(
        name=item.name,
        tensor=found.name,
        shape=found.shape,
        dtype=found.dtype,
        layout=layout,
        quantization=found.quantization,
    )


def check_stated_borders(contract: Contract, inputs: tuple[Border, ...]) -> None:
    """Hold what the contract states of pictures against a source that is a ``.tflite`` itself.

    Raises
    ------
    ContractError
        The layout differs, or the file's integers cannot hold the range that the contract states.
    """
    for item, border in zip(contract.inputs, inputs, strict=True):
        if not isinstance(item, GridInput):
            continue
        if border.layout != item.layout.value:
            raise ContractError(
                f"input {item.name} has another layout in the model",
                came=f"the model takes {border.layout} {list(border.shape)}",
                allowed=f'the contract\'s layout = "{item.layout.value}"',
            )
        if (
            isinstance(item, RasterInput)
            or border.quantization is None
            or border.dtype not in ("int8", "uint8")
        ):
            continue
        lowest = -128 if border.dtype == "int8" else 0
        scale, zero = border.quantization.scale, border.quantization.zero_point
        held = [(end - zero) * scale for end in (lowest, lowest + 255)]
        pairs = zip(*item.scale_offset(), strict=True)
        stated = [value for factor, offset in pairs for value in (offset, offset + 255 * factor)]
        slack = 0.05 * (held[1] - held[0])
        if min(stated) < held[0] - slack or max(stated) > held[1] + slack:
            raise ContractError(
                f"input {item.name} is normalised to a range that the model's integers cannot hold",
                came=f"{min(stated):.4g} to {max(stated):.4g}",
                allowed=f"{held[0]:.4g} to {held[1]:.4g}, as the file's scale and zero point say",
                hint="set the normalization of [[contract.inputs]] to the model's",
            )


def check_labels(
    contract: Contract, labels: dict[str, tuple[str, ...]], shapes: dict[str, Sequence[int]]
) -> None:
    """Refuse a label list whose length is not that of its output.

    Parameters
    ----------
    contract : Contract
        The outputs.
    labels : dict
        Output name -> labels.
    shapes : dict
        Output name -> shape with the batch axis, as the model has it.

    Raises
    ------
    ContractError
        The count differs.
    """
    for output in contract.outputs:
        if output.name not in labels:
            continue
        size = int(shapes[output.name][-1])
        if len(labels[output.name]) != size:
            raise ContractError(
                f"output {output.name} has another number of values than labels",
                came=f"{len(labels[output.name])} labels in {output.labels}, {size} values",
                allowed=f"{size} labels, one a line",
                hint="check that the label file belongs to this model",
            )
