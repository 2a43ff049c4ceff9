"""What a measurement was taken on: the machine and the versions, without the name of any host."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "fieldpack",
    "numpy",
    "pillow",
    "ai-edge-litert",
    "ai-edge-quantizer",
    "litert-torch",
    "tensorflow",
    "tf-keras",
    "torch",
    "coremltools",
    "protobuf",
    "onnx",
    "onnxruntime",
    "onnxscript",
    "librosa",
    "soundfile",
)


def machine() -> dict[str, str | int | float]:
    """Processor, usable cores, memory in bytes, system, and the load at this moment."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "os": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "load_average": round(os.getloadavg()[0], 2),
    }


def versions() -> dict[str, str]:
    """Python and every package of ``PACKAGES`` that is installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
