"""The package for React Native, compiled: its types are checked by ``tsc`` against the plugin's."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from fieldpack.errors import MissingDependencyError
from fieldpack.exports.typescript.tools import INSTALL, node_modules

FAST_TFLITE = """
export type TensorflowModelDelegate = "metal" | "core-ml" | "nnapi" | "android-gpu";
export interface TfliteModel { run(input: ArrayBuffer[]): Promise<ArrayBuffer[]>; }
export declare function loadTensorflowModel(
  source: number | { url: string }, delegates: TensorflowModelDelegate[]): Promise<TfliteModel>;
"""
"""The part of the types of react-native-fast-tflite 3.0.1 that is used."""
PATIENCE_S = 60.0


def node_program() -> str:
    """The Node of this machine.

    Raises
    ------
    MissingDependencyError
        There is none.
    """
    found = shutil.which("node")
    if found is None:
        raise MissingDependencyError("there is no Node", hint=INSTALL)
    return found


def compiled(package: Path) -> list[str]:
    """Compile an exported package where it lies; what the compiler complains of.

    Raises
    ------
    MissingDependencyError
        Node or the compiler is missing.
    """
    compiler = node_modules() / ".bin" / "tsc"
    if not compiler.exists():
        raise MissingDependencyError("there is no TypeScript", came=str(compiler), hint=INSTALL)
    node_program()
    plugin = package / "node_modules" / "react-native-fast-tflite"
    plugin.mkdir(parents=True)
    (plugin / "index.d.ts").write_text(FAST_TFLITE, encoding="utf-8")
    (plugin / "package.json").write_text('{"version": "3.0.1", "types": "index.d.ts"}', encoding="utf-8")
    told = ran(str(compiler), "--project", str(package))
    return told.stdout.splitlines() or ["tsc failed"] if told.returncode else []


def ran(*words: str) -> subprocess.CompletedProcess[str]:
    """A program that ended."""
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=PATIENCE_S)
