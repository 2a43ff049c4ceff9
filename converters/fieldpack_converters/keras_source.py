"""Keras models: ``.keras`` and ``.h5`` of Keras 3, and the legacy ``.h5`` of Keras 2.

Both libraries answer to the same Keras 2/3 vocabulary, so one file opens both; what differs is
which library reads the file.  The environment must say so before TensorFlow is imported, which
is why every source is opened in a process of its own.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from fieldpack.errors import SourceError, WorkerError
from fieldpack.spec import SourceKind
from fieldpack_converters.import_path import add_folders, imported
from fieldpack_converters.opened_source import Array, OpenedSource, TensorFact, numpy_dtype
from fieldpack_converters.source_file import check_hdf5, check_zip, checked_path, damaged, digest_of

_UNKNOWN_CLASS = (
    re.compile(r"Could not locate class '([^']+)'"),
    re.compile(r"Unknown (?:layer|object|optimizer)[^']*'([^']+)'"),
    re.compile(r"Unknown layer:? '?([A-Za-z_][\w>]*)"),
)
_KERAS3_ARCHIVE = "a Keras 3 archive (.keras: a zip with config.json and model.weights.h5)"


def open_keras(source: dict[str, Any]) -> OpenedSource:
    """Open a Keras 3 model (``kind = "keras"``): ``.keras``, or an ``.h5`` that Keras 3 saved."""
    path = checked_path(source["path"], _KERAS3_ARCHIVE)
    if path.suffix in (".h5", ".hdf5"):
        check_hdf5(path)
    else:
        check_zip(path, _KERAS3_ARCHIVE, "config.json")
    return _opened(SourceKind.KERAS, keras_library(SourceKind.KERAS), path, source)


def open_keras_legacy(source: dict[str, Any]) -> OpenedSource:
    """Open a Keras 2 ``.h5`` through ``tf_keras`` (``kind = "keras_legacy"``)."""
    path = checked_path(source["path"], "an HDF5 file that Keras 2 saved (.h5)")
    check_hdf5(path)
    return _opened(SourceKind.KERAS_LEGACY, keras_library(SourceKind.KERAS_LEGACY), path, source)


def keras_library(kind: SourceKind) -> ModuleType:
    """``keras`` or ``tf_keras``, with the environment that TensorFlow's own converters read.

    Raises
    ------
    WorkerError
        If this process has already imported TensorFlow for the other of the two.
    """
    legacy = kind is SourceKind.KERAS_LEGACY
    wanted = "1" if legacy else "0"
    if "tensorflow" in sys.modules and os.environ.get("TF_USE_LEGACY_KERAS", "0") != wanted:
        raise WorkerError(
            f"This process runs the other Keras; a source of kind {kind.value} needs a process of its own."
        )
    os.environ["TF_USE_LEGACY_KERAS"] = wanted
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.keras.utils.set_random_seed(0)
    if legacy:
        import tf_keras

        return tf_keras  # type: ignore[no-any-return]
    import keras

    return keras  # type: ignore[no-any-return]


def _opened(kind: SourceKind, library: ModuleType, path: Path, source: dict[str, Any]) -> OpenedSource:
    model = _load(library, path, source)
    if not getattr(model, "inputs", None):
        raise SourceError(
            f"The Keras model in {path} has no fixed inputs.",
            came=f"{type(model).__name__} that was never built",
            allowed="a functional or a built Sequential model",
            hint="call the model once on real data before saving it",
        )
    return OpenedSource(
        kind=kind,
        framework=f"{library.__name__} {library.__version__}",
        inputs=_facts(model.inputs, _names(model, "input_names", model.inputs)),
        outputs=_facts(model.outputs, _names(model, "output_names", model.outputs)),
        parameters=int(model.count_params()),
        digest=digest_of(path),
        model=model,
        call=lambda arrays: call_model(model, arrays),
    )


def _load(library: ModuleType, path: Path, source: dict[str, Any]) -> Any:
    add_folders(source.get("python_path", []))
    custom = {
        name: imported(where, f"custom_objects.{name}")
        for name, where in source.get("custom_objects", {}).items()
    }
    try:
        return library.models.load_model(str(path), custom_objects=custom, compile=False)
    except (ValueError, TypeError, OSError, KeyError, AttributeError, RuntimeError) as error:
        missing = missing_class(str(error))
        if missing is not None:
            raise _unknown_layer(path, missing) from error
        if "Lambda" in str(error) and "unsafe" in str(error).lower():
            raise _lambda_layer(path) from error
        if path.suffix in (".h5", ".hdf5") and library.__name__ == "keras":
            raise _older_keras(path, error) from error
        raise damaged(
            path, f"a model that {library.__name__} {library.__version__} reads", _first_line(error)
        ) from (error)


def missing_class(message: str) -> str | None:
    """The class name out of Keras' "unknown layer" messages, None when it is another error."""
    for pattern in _UNKNOWN_CLASS:
        found = pattern.search(message)
        if found:
            return found.group(1).rsplit(">", 1)[-1]
    return None


def _unknown_layer(path: Path, name: str) -> SourceError:
    return SourceError(
        f"The layer class {name} is used by {path} but its code is not in the file.",
        came=name,
        allowed="Keras' own layers, and classes that custom_objects names",
        hint=f'add to [source]: custom_objects = {{ {name} = "my_module:{name}" }}, '
        "and python_path when the module is not installed",
    )


def _lambda_layer(path: Path) -> SourceError:
    return SourceError(
        f"{path} holds a Lambda layer: Python code inside the file, which is not run.",
        allowed="layers whose code you import",
        hint="replace the Lambda by a layer class and name it in custom_objects",
    )


def _older_keras(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"Keras 3 cannot read {path} ({path.stat().st_size} bytes).",
        came=_first_line(error),
        allowed="an .h5 file that Keras 3 saved",
        hint='for a file that Keras 2 saved set kind = "keras_legacy"',
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]


def _names(model: Any, attribute: str, tensors: Any) -> list[str]:
    names = list(getattr(model, attribute, None) or [])
    return names if len(names) == len(tensors) else [str(tensor.name).split("/")[0] for tensor in tensors]


def _facts(tensors: Any, names: list[str]) -> tuple[TensorFact, ...]:
    return tuple(
        TensorFact(name, tuple(tensor.shape), numpy_dtype(tensor.dtype))
        for tensor, name in zip(tensors, names, strict=True)
    )


def call_model(model: Any, arrays: list[Array]) -> list[Array]:
    """All outputs of a Keras model, flat, as arrays."""
    import tensorflow as tf

    values = [tf.constant(array) for array in arrays]
    results = model(values if len(values) > 1 else values[0], training=False)
    flat = tf.nest.flatten(results)
    return [np.asarray(item) for item in flat]
