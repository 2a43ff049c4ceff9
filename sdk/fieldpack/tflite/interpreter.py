"""LiteRT's interpreter: the one place that constructs it, and turns its refusals into our error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fieldpack.errors import MissingDependencyError, ModelFileError
from fieldpack.tflite.native_log import captured_native_log


def load_interpreter(
    source: Path | bytes, *, threads: int, xnnpack: bool, preserve_all_tensors: bool = False
) -> Any:
    """LiteRT's interpreter with its tensors allocated, quietly.

    Raises
    ------
    ModelFileError
        With LiteRT's own words, if it refuses the file.
    MissingDependencyError
        If LiteRT is not installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError as error:
        raise MissingDependencyError(
            "The LiteRT runtime is needed to run .tflite files", came=error, hint="pip install ai-edge-litert"
        ) from error
    resolver = OpResolverType.BUILTIN if xnnpack else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    content = {"model_content": source} if isinstance(source, bytes) else {"model_path": str(source)}
    log: list[str] = []
    try:
        with captured_native_log() as log:
            interpreter = Interpreter(
                **content,
                num_threads=threads,
                experimental_op_resolver_type=resolver,
                experimental_preserve_all_tensors=preserve_all_tensors,
            )
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        label = "the model in memory" if isinstance(source, bytes) else source
        words = "; ".join(line for line in (str(error), *log) if line) or "no reason given; out of memory?"
        raise ModelFileError(
            f"LiteRT refuses {label}", came=words, hint="export the model again, or with another converter"
        ) from error
    return interpreter
