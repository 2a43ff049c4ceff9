"""``.keras`` archives that repeat: fixed order, dates and identifiers; weights as halves where asked."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import numpy as np

_STAMP = (1980, 1, 1, 0, 0, 0)
_WEIGHTS = "model.weights.h5"


def settled(archive: bytes) -> bytes:
    """The same ``.keras`` archive: members in order, dates fixed, shared objects counted from 0."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as loose, zipfile.ZipFile(out, "w") as settled:
        for name in sorted(loose.namelist()):
            member = loose.read(name)
            if name == "metadata.json":
                member = json.dumps(json.loads(member) | {"date_saved": "1980-01-01@00:00:00"}).encode()
            elif name == "config.json":
                member = _numbered(member.decode()).encode()
            settled.writestr(zipfile.ZipInfo(name, _STAMP), member)
    return out.getvalue()


def _numbered(config: str) -> str:
    """Keras names shared objects by their address in memory; name them by order of appearance."""
    order: dict[str, int] = {}
    return re.sub(
        r'("shared_object_id": )(\d+)',
        lambda found: f"{found[1]}{order.setdefault(found[2], len(order))}",
        config,
    )


def halved(archive: bytes) -> bytes:
    """The same archive with every float32 weight rounded to float16; Keras widens them as it loads."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as whole, zipfile.ZipFile(out, "w") as small:
        for member in whole.infolist():
            content = whole.read(member)
            small.writestr(member, _halves(content) if member.filename == _WEIGHTS else content)
    return out.getvalue()


def _halves(weights: bytes) -> bytes:
    """An HDF5 file with the same groups and attributes, its float32 data sets as float16."""
    import h5py

    out = io.BytesIO()
    with h5py.File(io.BytesIO(weights), "r") as whole, h5py.File(out, "w") as small:
        _copy(whole, small)
    return out.getvalue()


def _copy(source: Any, target: Any) -> None:
    import h5py

    for key, value in source.attrs.items():
        target.attrs[key] = value
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            _copy(item, target.create_group(name))
        else:
            half = np.float16 if item.dtype == np.float32 else item.dtype
            copied = target.create_dataset(name, data=np.asarray(item).astype(half), track_times=False)
            for key, value in item.attrs.items():
                copied.attrs[key] = value
