"""A whole data set in prepared form: what models are calibrated, compared and measured on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.contract import Contract
from fieldpack.contract.inputs import Input, SoundInput
from fieldpack.data.example import Example
from fieldpack.data.labels import label_index
from fieldpack.data.open import open_data
from fieldpack.data.store import RowStore, release
from fieldpack.data.targets import TargetStore
from fieldpack.errors import InputError, SpecError
from fieldpack.preprocess.prepare import prepare, prepared_dtype, prepared_shape
from fieldpack.spec import DataSource

Progress = Callable[[str, float], None]
_CHUNK_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Prepared:
    """N prepared items of G examples; a recording gives several items, everything else one.

    Attributes
    ----------
    ids : list of str
        N item names: the example's id, with ``#3`` after it for its fourth patch.
    inputs : dict
        Input name -> [N, ...] in prepared form (see :mod:`fieldpack.preprocess.prepare`); read-only, large
        ones are mapped from disk.
    labels : ndarray or None
        int64 [N], index into the model's label list, -1 where unlabelled; None if nothing is labelled.
    groups : ndarray
        int64 [N], 0..G-1, the example that an item came from.
    slices : dict
        Slice name -> text [N].
    left_out : int
        Examples without an entry in the label map.
    blocks : ndarray or None
        int64 [N], the group that the data name for an item; items of one are not independent. None
        where the data name no groups.
    targets : dict
        Quantity -> true values, float32 [N, ...] of one shape, NaN where the truth is not known; empty where
        the data give none.
    presence : ndarray or None
        bool [N, labels], which labels are present at an item; None where the data do not say.
    """

    ids: list[str]
    inputs: dict[str, NDArray[Any]]
    labels: NDArray[np.int64] | None
    groups: NDArray[np.int64]
    slices: dict[str, NDArray[np.str_]] = field(default_factory=dict)
    left_out: int = 0
    blocks: NDArray[np.int64] | None = None
    targets: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    presence: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def batches(self, size: int) -> Iterator[dict[str, NDArray[Any]]]:
        """Copies of `size` items after another, the last may be smaller; memory stays flat.

        Parameters
        ----------
        size : int
            Items a batch.
        """
        for start in range(0, len(self), size):
            batch = {name: np.array(array[start : start + size]) for name, array in self.inputs.items()}
            for array in self.inputs.values():
                release(array)
            yield batch

    def digest(self) -> str:
        """SHA-256 over ids, labels, groups, and names, formats, shapes and bytes of the inputs."""
        state = hashlib.sha256(json.dumps(self.ids).encode())
        state.update(b"none" if self.labels is None else self.labels.astype("<i8").tobytes())
        if self.blocks is not None:
            state.update(b"blocks" + self.blocks.astype("<i8").tobytes())
        for name in sorted(self.targets):
            state.update(json.dumps([name, list(self.targets[name].shape)]).encode())
            state.update(np.ascontiguousarray(self.targets[name]).data)
        if self.presence is not None:
            state.update(b"presence" + np.packbits(self.presence).tobytes())
        for name in sorted(self.inputs):
            array = self.inputs[name]
            state.update(json.dumps([name, array.dtype.str, list(array.shape)]).encode())
            rows = max(1, _CHUNK_BYTES // max(1, array[:1].nbytes))
            for start in range(0, len(array), rows):
                state.update(np.ascontiguousarray(array[start : start + rows]).data)
                release(array)
        return state.hexdigest()


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is remembered of an example once its arrays are stored."""

    id: str
    slices: dict[str, str]
    label: int
    count: int
    group: str | None
    present: NDArray[Any] | None


def prepare_data(
    source: DataSource,
    contract: Contract,
    labels: Sequence[str] | None,
    seed: int,
    progress: Progress | None = None,
) -> Prepared:
    """Open a data set and prepare every example.

    Parameters
    ----------
    source : DataSource
        A table of ``[data]``, paths absolute.
    contract : Contract
        Its inputs state the preparation.
    labels : sequence of str or None
        The model's labels in output order; label texts become indices of it. With None the texts
        only stratify the sample.
    seed : int
        Seed of the sample that ``limit`` takes.
    progress : callable, optional
        Called with ("prepare", fraction 0..1) after each example.

    Returns
    -------
    Prepared
        Same source, contract, labels and seed give the same digest.

    Raises
    ------
    SpecError
        The source is incomplete, or a label is not in `labels` (the message gives near matches).
    InputError
        An example cannot be prepared; the message names it.
    StorageError
        The temporary folder is full.
    """
    examples = open_data(source, seed, contract)
    stores = {item.name: RowStore(prepared_shape(item), prepared_dtype(item)) for item in contract.inputs}
    truth = TargetStore(contract.quantities)
    kept: list[_Kept] = []
    for position, example in enumerate(examples, start=1):
        index = label_index(example.label, labels, f"example {example.id}")
        arrays = _arrays(contract, example)
        counts = {array.shape[0] for array in arrays.values()}
        if len(counts) != 1:
            raise InputError(
                f"example {example.id} gives different numbers of items to the inputs", came=counts
            )
        for name, array in arrays.items():
            stores[name].append(array)
        truth.append(example, next(iter(counts)))
        kept.append(_Kept(example.id, example.slices, index, counts.pop(), example.group, example.present))
        if progress is not None:
            progress("prepare", position / max(position, len(examples)))
    return _assembled(contract, kept, stores, truth, examples.left_out)


def _arrays(contract: Contract, example: Example) -> dict[str, NDArray[Any]]:
    if len(contract.inputs) > 1 and not isinstance(example.raw, dict):
        raise SpecError(
            f"the model has {len(contract.inputs)} inputs; example {example.id} is one file",
            hint='take kind = "arrays", or a provider that yields a dict by input name',
        )
    return {item.name: _prepared(item, example) for item in contract.inputs}


def _prepared(item: Input, example: Example) -> NDArray[Any]:
    try:
        array = prepare(item, example.raw)
    except InputError as error:
        if isinstance(example.raw, Path) and str(example.raw) in error.what:
            raise
        raise InputError(
            f"example {example.id}: {error.what}", came=error.came, allowed=error.allowed, hint=error.hint
        ) from error
    return array


def _assembled(
    contract: Contract, kept: list[_Kept], stores: dict[str, RowStore], truth: TargetStore, left_out: int
) -> Prepared:
    patched = any(isinstance(item, SoundInput) for item in contract.inputs)
    counts = np.array([example.count for example in kept], np.int64)
    labels = np.repeat(np.array([example.label for example in kept], np.int64), counts)
    names = sorted({name for example in kept for name in example.slices})
    return Prepared(
        ids=[
            f"{example.id}#{part}" if patched else example.id
            for example in kept
            for part in range(example.count)
        ],
        inputs={name: store.array() for name, store in stores.items()},
        labels=labels if (labels >= 0).any() else None,
        groups=np.repeat(np.arange(len(kept), dtype=np.int64), counts),
        slices={
            name: np.repeat(np.array([example.slices.get(name, "") for example in kept], np.str_), counts)
            for name in names
        },
        left_out=left_out,
        blocks=_blocks(kept, counts),
        targets=truth.arrays(),
        presence=_presence(kept, counts),
    )


def _presence(kept: list[_Kept], counts: NDArray[np.int64]) -> NDArray[np.bool_] | None:
    rows = [example.present for example in kept if example.present is not None]
    if len(rows) != len(kept):
        return None
    return np.repeat(np.stack(rows).astype(np.bool_), counts, axis=0)


def _blocks(kept: list[_Kept], counts: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Number of the group of every item; an example without a name of its group stands alone."""
    if all(example.group is None for example in kept):
        return None
    numbers: dict[str | int, int] = {}
    found = [numbers.setdefault(example.group or place, len(numbers)) for place, example in enumerate(kept)]
    return np.repeat(np.array(found, np.int64), counts)
