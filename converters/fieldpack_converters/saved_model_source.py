"""TensorFlow SavedModels, through their serving signature."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.errors import SourceError
from fieldpack.spec import SourceKind
from fieldpack_converters.opened_source import Array, OpenedSource, TensorFact, numpy_dtype
from fieldpack_converters.source_file import checked_path, damaged, digest_of

_EXPECTED = "a SavedModel folder (saved_model.pb and variables/)"
_SIGNATURE = "serving_default"


def open_saved_model(source: dict[str, Any]) -> OpenedSource:
    """Open a SavedModel folder by its ``serving_default`` (or only) signature."""
    path = checked_path(source["path"], _EXPECTED)
    if not (path / "saved_model.pb").is_file():
        raise damaged(path, _EXPECTED, "no saved_model.pb")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(str(path))
    except (ValueError, OSError, RuntimeError, TypeError, tf.errors.OpError) as error:
        raise damaged(path, _EXPECTED, str(error).splitlines()[0][:300]) from error
    signature = _signature(loaded, path)
    inputs = _input_facts(signature)
    names = sorted(signature.structured_outputs)
    return OpenedSource(
        kind=SourceKind.SAVED_MODEL,
        framework=f"tensorflow {tf.__version__}",
        inputs=inputs,
        outputs=tuple(_fact(name, signature.structured_outputs[name]) for name in names),
        parameters=_parameters(loaded, signature),
        digest=digest_of(path),
        model=loaded,
        call=lambda arrays: _call(signature, inputs, names, arrays),
        fixed_batch=_fixed_batch(inputs),
    )


def signature_key(loaded: Any) -> str:
    """``serving_default`` when it is there, else the first signature by name."""
    keys = sorted(loaded.signatures)
    return _SIGNATURE if _SIGNATURE in keys else keys[0]


def _signature(loaded: Any, path: Path) -> Any:
    if not list(getattr(loaded, "signatures", {})):
        raise SourceError(
            f"The SavedModel {path} has no signature.",
            allowed="a serving_default signature",
            hint="save it with model.export(...) or tf.saved_model.save(model, path, signatures=...)",
        )
    return loaded.signatures[signature_key(loaded)]


def _input_facts(signature: Any) -> tuple[TensorFact, ...]:
    keywords = signature.structured_input_signature[1]
    return tuple(_fact(name, keywords[name]) for name in sorted(keywords))


def _fact(name: str, spec: Any) -> TensorFact:
    shape = tuple(spec.shape.as_list()) if spec.shape.rank is not None else ()
    return TensorFact(name, shape, numpy_dtype(spec.dtype))


def _fixed_batch(inputs: tuple[TensorFact, ...]) -> int | None:
    return next((fact.shape[0] for fact in inputs if fact.shape and fact.shape[0] is not None), None)


def _parameters(loaded: Any, signature: Any) -> int:
    variables = getattr(loaded, "variables", None) or signature.graph.variables
    return int(sum(int(np.prod(item.shape.as_list())) for item in variables if item.dtype.is_floating))


def _call(
    signature: Any, inputs: tuple[TensorFact, ...], names: list[str], arrays: list[Array]
) -> list[Array]:
    import tensorflow as tf

    keywords = {fact.name: tf.constant(array) for fact, array in zip(inputs, arrays, strict=True)}
    results = signature(**keywords)
    return [np.asarray(results[name]) for name in names]
