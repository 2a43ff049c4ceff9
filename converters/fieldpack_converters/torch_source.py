"""PyTorch models: a factory with a state dict, and the ``.pt2`` of ``torch.export``.

A state dict is data; a pickled module is a program.  Only data is opened
(``torch.load(weights_only=True)``), and the module comes from the factory that the spec names.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.errors import SourceError, SpecError
from fieldpack.spec import SourceKind
from fieldpack_converters.import_path import add_folders, imported
from fieldpack_converters.opened_source import Array, OpenedSource, TensorFact, numpy_dtype
from fieldpack_converters.passes.torch_structure import fit_structure
from fieldpack_converters.source_file import check_zip, checked_path, damaged, digest_of, is_zip

_STATE = "a PyTorch state dict saved by torch.save(model.state_dict(), path)"
_EXPORTED = "a program saved by torch.export.save (.pt2)"


def open_torch(source: dict[str, Any]) -> OpenedSource:
    """Build the factory's module and load the state dict of ``path`` into it (``kind = "torch"``)."""
    path = checked_path(source["path"], _STATE)
    add_folders(source.get("python_path", []))
    if not source.get("factory"):
        raise SpecError(
            "A PyTorch source needs the factory of its module.",
            allowed='factory = "module:callable"',
            hint="name the function that builds the untrained network",
        )
    state = _stripped(_state_dict(path), source.get("strip_prefix"), path)
    module = _built(source)
    if source.get("compressed"):
        fit_structure(module, state)
    _load_strictly(module, state, path)
    module.eval()
    return _opened(SourceKind.TORCH, module, path, source, int(sum(p.numel() for p in module.parameters())))


def open_torch_export(source: dict[str, Any]) -> OpenedSource:
    """Open a ``.pt2`` (``kind = "torch_export"``)."""
    path = checked_path(source["path"], _EXPORTED)
    check_zip(path, _EXPORTED)
    import torch

    try:
        program = torch.export.load(str(path))
    except (
        RuntimeError,
        ValueError,
        KeyError,
        OSError,
        AssertionError,
        TypeError,
        pickle.UnpicklingError,
    ) as error:
        raise damaged(path, _EXPORTED, _first_line(error)) from error
    parameters = int(sum(value.numel() for value in program.state_dict.values()))
    return _opened(SourceKind.TORCH_EXPORT, program.module(), path, source, parameters)


def _state_dict(path: Path) -> dict[str, Any]:
    import torch

    if is_zip(path):
        check_zip(path, _STATE)
    try:
        loaded = torch.load(str(path), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _not_plain(path, error) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(path, _STATE, _first_line(error)) from error
    for key in ("state_dict", "model_state_dict"):
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
            break
    if not isinstance(loaded, Mapping) or not all(torch.is_tensor(value) for value in loaded.values()):
        raise damaged(path, _STATE, f"a {type(loaded).__name__} whose values are not all tensors")
    return {str(key): value for key, value in loaded.items()}


def _not_plain(path: Path, error: Exception) -> SourceError:
    if "Weights only load failed" not in str(error) or "Unsupported" not in str(error):
        return damaged(path, _STATE, _first_line(error))
    return SourceError(
        f"{path} is a pickle that would run code when opened; it is refused.",
        came=_first_line(error),
        allowed=_STATE,
        hint="on the machine that trained it: torch.save(model.state_dict(), path)",
    )


def _stripped(state: dict[str, Any], prefix: str | None, path: Path) -> dict[str, Any]:
    if prefix is None:
        return state
    if not all(key.startswith(prefix) for key in state):
        others = [key for key in state if not key.startswith(prefix)][:3]
        raise SpecError(
            f"strip_prefix does not fit the keys of {path}.",
            came=f"{prefix!r}; keys without it: {', '.join(others)}",
            allowed="a prefix that every key carries",
        )
    return {key[len(prefix) :]: value for key, value in state.items()}


def _built(source: dict[str, Any]) -> Any:
    import torch

    factory = imported(source["factory"], "factory")
    torch.manual_seed(0)
    try:
        module = factory(**source.get("factory_arguments", {}))
    except TypeError as error:
        raise SpecError(
            "The factory does not take these arguments.",
            came=f"{source.get('factory_arguments', {})}: {error}",
            hint="correct factory_arguments in [source]",
        ) from error
    if not isinstance(module, torch.nn.Module):
        raise SpecError("The factory did not return a torch.nn.Module.", came=type(module).__name__)
    return module


def _load_strictly(module: Any, state: dict[str, Any], path: Path) -> None:
    wanted = module.state_dict()
    prefix = common_prefix(list(state), list(wanted))
    if prefix:
        raise SourceError(
            f"Every key of {path} carries the prefix {prefix!r}.",
            came=next(iter(state)),
            allowed=next(iter(wanted)),
            hint=f'add to [source]: strip_prefix = "{prefix}"',
        )
    missing = [key for key in wanted if key not in state and not key.endswith("num_batches_tracked")]
    unexpected = [key for key in state if key not in wanted]
    shapes = [
        f"{key} {tuple(state[key].shape)} instead of {tuple(wanted[key].shape)}"
        for key in wanted
        if key in state and state[key].shape != wanted[key].shape
    ]
    if missing or unexpected or shapes:
        raise SourceError(
            f"The state dict {path} does not fit the factory's network.",
            came=f"missing: {_listed(missing)}; unexpected: {_listed(unexpected)}; shapes: {_listed(shapes)}",
            hint="check factory and factory_arguments of [source]",
        )
    module.load_state_dict(state, strict=False)


def common_prefix(keys: list[str], wanted: list[str]) -> str | None:
    """The ``"module."``-like prefix that all `keys` carry and whose removal gives known keys."""
    if not keys or not wanted or keys[0] in wanted:
        return None
    for known in sorted(wanted, key=len, reverse=True):
        if keys[0].endswith("." + known):
            prefix = keys[0][: -len(known)]
            if all(key.startswith(prefix) for key in keys):
                return prefix
    return None


def _listed(items: list[str], limit: int = 5) -> str:
    shown = ", ".join(items[:limit]) or "none"
    return shown + (f" and {len(items) - limit} more" if len(items) > limit else "")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]


def _opened(
    kind: SourceKind, module: Any, path: Path, source: dict[str, Any], parameters: int
) -> OpenedSource:
    import torch

    shapes = source.get("input_shapes")
    if not shapes:
        raise SpecError(
            "A PyTorch source does not say the shape of its inputs.",
            allowed="input_shapes = [[1, 3, 224, 224]]",
            hint="add input_shapes to [source]",
        )
    words = source.get("input_dtypes") or ["float32"] * len(shapes)
    inputs = tuple(
        TensorFact(f"input_{index}", (None, *shape[1:]), word)
        for index, (shape, word) in enumerate(zip(shapes, words, strict=True))
    )
    fixed = int(shapes[0][0]) if kind is SourceKind.TORCH_EXPORT else None
    sample = [np.zeros(fact.fixed(fixed or 1), fact.dtype) for fact in inputs]
    try:
        results = call_module(module, sample)
    except (RuntimeError, ValueError, IndexError, TypeError, AssertionError) as error:
        raise SourceError(
            f"The network of {path} does not accept input_shapes.",
            came=f"{shapes}: {_first_line(error)}",
            hint="set the sizes and layout of [[contract.inputs]] to what the network takes",
        ) from error
    return OpenedSource(
        kind=kind,
        framework=f"torch {torch.__version__.partition('+')[0]}",
        inputs=inputs,
        outputs=tuple(
            TensorFact(f"output_{index}", (None, *value.shape[1:]), numpy_dtype(value.dtype))
            for index, value in enumerate(results)
        ),
        parameters=parameters,
        digest=digest_of(path),
        model=module,
        call=lambda arrays: call_module(module, arrays),
        layout=source.get("layout", "NCHW"),
        fixed_batch=fixed,
    )


def call_module(module: Any, arrays: list[Array]) -> list[Array]:
    """All outputs of a module, flat, as arrays."""
    import torch

    with torch.no_grad():
        results = module(*(torch.from_numpy(np.array(array)) for array in arrays))
    if isinstance(results, Mapping):
        results = list(results.values())
    flat = list(results) if isinstance(results, (tuple, list)) else [results]
    return [value.detach().numpy() for value in flat]
