"""A data set that a function of the user's makes."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fieldpack.data.example import Example
from fieldpack.errors import FieldpackError, InputError, SpecError
from fieldpack.spec import ProviderData

Provider = Callable[[str, int], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class ProvidedExamples:
    """Examples that are made anew at each iteration, so that they need not fit in memory.

    The length is the count that was asked for; a provider may yield fewer.
    """

    source: ProviderData
    provider: Provider
    left_out: int = 0

    def __len__(self) -> int:
        return self.source.count

    def __iter__(self) -> Iterator[Example]:
        seen: set[str] = set()
        items = iter(self._call())
        while len(seen) < self.source.count and (item := self._next(items)) is not None:
            example = self._grouped(_example(item, self.source.provider))
            if example.id in seen:
                raise InputError(f"{self.source.provider} gave the id {example.id!r} twice")
            seen.add(example.id)
            yield example
        if not seen:
            raise InputError(f"{self.source.provider} gave no example", came=f"split {self.source.split!r}")

    def _grouped(self, example: Example) -> Example:
        column = self.source.group_column
        if column is None:
            return example
        if column not in example.slices:
            raise InputError(
                f"{self.source.provider} gave example {example.id} no {column}, which names its group",
                came=", ".join(sorted(example.slices)) or "no slices",
            )
        return replace(example, group=example.slices[column])

    def _call(self) -> Iterable[Any]:
        try:
            return self.provider(self.source.split, self.source.count)
        except Exception as error:
            raise self._failure(error) from error

    def _next(self, items: Iterator[Any]) -> Any:
        try:
            return next(items, None)
        except Exception as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> FieldpackError:
        if isinstance(error, FieldpackError):
            return error
        return InputError(
            f"the provider {self.source.provider} failed", came=f"{type(error).__name__}: {error}"
        )


def open_provider(source: ProviderData) -> ProvidedExamples:
    """Examples of ``provider(split, count)``, which yields (id, array, label index or None, slices).

    ``array`` is any form of :data:`fieldpack.preprocess.raw.Raw`. Bools [labels] in place of the label say
    which labels are present.

    Raises
    ------
    SpecError
        The module or the function cannot be found.
    """
    module_name, _, function_name = source.provider.partition(":")
    if not module_name or not function_name:
        raise SpecError(f"provider {source.provider!r} is not module:function")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise SpecError(
            f"the module {module_name!r} of the provider cannot be imported",
            came=error,
            hint="put its folder on PYTHONPATH",
        ) from error
    function = getattr(module, function_name, None)
    if not callable(function):
        raise SpecError(f"the module {module_name!r} has no function {function_name!r}")
    return ProvidedExamples(source, function)


def _example(item: Any, provider: str) -> Example:
    if isinstance(item, tuple) and len(item) == 4:
        name, raw, label, slices = item
        targets = _targets(label) if isinstance(label, Mapping) else {}
        present = label if isinstance(label, np.ndarray) and _tells(label) else None
        label = None if isinstance(label, Mapping) or present is not None else label
        if isinstance(label, np.integer):
            label = int(label)
        fits = isinstance(name, str) and isinstance(label, int | str | None) and isinstance(slices, Mapping)
        if fits and not isinstance(label, bool):
            named = {str(key): str(value) for key, value in slices.items()}
            return Example(name, raw, label, named, targets=targets, present=present)
    came = tuple(type(part).__name__ for part in item) if isinstance(item, tuple) else type(item).__name__
    raise InputError(
        f"{provider} gave something else than an example",
        came=came,
        allowed="(id, array, label index, bools of all labels, true values by quantity or None, slices)",
    )


def _tells(presence: np.ndarray[Any, Any]) -> bool:
    return presence.ndim == 1 and presence.dtype == np.bool_


def _targets(label: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(quantity): np.asarray(values) for quantity, values in label.items()}
