"""The index of a project: what the test reads instead of having it in its code, and the files beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fieldpack.bundle.digest import entries_below, sha256_bytes
from fieldpack.bundle.manifest import Border, FlavourEntry, FlavourKind, FrontEndEntry
from fieldpack.bundle.read import Bundle
from fieldpack.errors import BundleError
from fieldpack.phone_projects.facts import PROJECT_SCHEMA, RESULT_SCHEMA
from fieldpack.records.validity import FULL

if TYPE_CHECKING:
    from numpy.typing import NDArray

INDEX_NAME = "index.json"


@dataclass(frozen=True, slots=True)
class Contents:
    """What lies in the assets of a project.

    Attributes
    ----------
    index : dict
        The content of ``index.json``.
    files : dict of str to bytes
        Every file beside it, by relative path; the paths are ours, none comes from a bundle's names.
    """

    index: dict[str, Any]
    files: dict[str, bytes]

    @property
    def index_bytes(self) -> bytes:
        """The index, ASCII."""
        return (json.dumps(self.index, indent=1) + "\n").encode("ascii")


def contents_of(bundle: Bundle, flavours: Sequence[FlavourEntry]) -> Contents:
    """Index, models and golden vectors of some flavours of a bundle.

    Golden vectors are raw little-endian float32, C order, example by example: inputs as the contract has
    them (pixels 0..255), outputs as the flavour gave them when it was built.

    Raises
    ------
    BundleError
        A file is altered, or a border names a tensor that the model does not have.
    """
    files: dict[str, bytes] = {}
    inputs = []
    for number, (name, array) in enumerate(bundle.golden_inputs().items()):
        path = f"golden/input-{number}.f32"
        files[path] = raw_floats(array)
        inputs.append({"name": name, "file": path, "shape": list(array.shape[1:])})
    manifest = bundle.manifest
    index = {
        "schema": PROJECT_SCHEMA,
        "result_schema": RESULT_SCHEMA,
        "bundle": {"name": manifest.name, "version": manifest.version, "digest": bundle.digest},
        "plan": _plan(),
        "count": len(manifest.golden.ids),
        "inputs": inputs,
        "flavours": [_flavour(bundle, item, place, files) for place, item in enumerate(flavours)],
    }
    return Contents(index, files)


def raw_floats(array: NDArray[Any]) -> bytes:
    """Little-endian float32 in C order."""
    return bytes(array.astype("<f4").tobytes())


def _plan() -> dict[str, Any]:
    return {
        "warm_ups": FULL.warm_ups,
        "samples": FULL.samples,
        "seconds": FULL.seconds,
        "shortest_s": FULL.shortest_s,
        "rounds": FULL.rounds,
    }


def _flavour(bundle: Bundle, flavour: FlavourEntry, place: int, files: dict[str, bytes]) -> dict[str, Any]:
    model, copied = model_files(bundle, flavour, f"models/{place}/model")
    files |= copied
    found: dict[str, Any] = {
        "name": flavour.name,
        "kind": flavour.kind.value,
        "digest": flavour.digest,
        "model": model,
        "files": {name: sha256_bytes(content) for name, content in copied.items()},
        "needs": {"tflite_runtime": flavour.requires.tflite_runtime, "ios": flavour.requires.ios},
    }
    names_in, names_out = tensor_names(bundle, flavour)
    found["inputs"] = [_border(item, names_in) for item in flavour.inputs]
    found["outputs"] = []
    golden = bundle.flavour_golden(flavour.name)
    for number, border in enumerate(flavour.outputs):
        path = f"golden/output-{place}-{number}.f32"
        files[path] = raw_floats(golden[border.name])
        told = {"file": path, "tolerance": flavour.golden.tolerance[border.name]}
        found["outputs"].append(_border(border, names_out) | told)
    return found


def model_files(
    bundle: Bundle, flavour: FlavourEntry | FrontEndEntry, stem: str
) -> tuple[str, dict[str, bytes]]:
    """Path of the model in a project, its stem being `stem`, and its files there."""
    suffix = flavour.path.rpartition(".")[2]
    model = f"{stem}.{suffix}"
    if flavour.path in bundle.manifest.files:
        return model, {model: bundle.read(flavour.path)}
    inside = entries_below(flavour.path, bundle.manifest.files)
    if not inside:
        raise BundleError("the bundle has no file of a flavour", came=flavour.path)
    return model, {f"{model}/{name}": bundle.read(f"{flavour.path}/{name}") for name in inside}


def tensor_names(
    bundle: Bundle, flavour: FlavourEntry | FrontEndEntry
) -> tuple[Sequence[str], Sequence[str]]:
    """Names of inputs and outputs in the order in which LiteRT counts them; Core ML goes by name."""
    if flavour.kind is FlavourKind.COREML:
        return [item.tensor for item in flavour.inputs], [item.tensor for item in flavour.outputs]
    from fieldpack.tflite.file import open_model

    model = open_model(bundle.path(flavour.path))
    return model.input_names, model.output_names


def _border(border: Border, names: Sequence[str]) -> dict[str, Any]:
    values = border.model_dump(mode="json", exclude={"batched"})
    return values | {"position": position_of(border, names)}


def position_of(border: Border, names: Sequence[str]) -> int:
    """Which of a file's tensors a border meets.

    Raises
    ------
    BundleError
        None.
    """
    if border.tensor not in names:
        raise BundleError(
            f"{border.name} meets a tensor that the model does not have",
            came=border.tensor,
            allowed=", ".join(names),
        )
    return list(names).index(border.tensor)
