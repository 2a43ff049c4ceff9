"""Generated projects of every kind of input follow the grammar of their language, hostile names included.

Those in TypeScript run: types by the compiler, arithmetic on Node against the Python reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main
from fieldpack.errors import MissingDependencyError
from fieldpack.exports.testing import INPUTS, kind_bundle
from fieldpack.tflite.runner import TfliteRunner
from fieldpack_benchmarks.delivery.grammar import LANGUAGES
from fieldpack_benchmarks.delivery.projects import LEAST_SOURCES
from fieldpack_benchmarks.delivery.typescript import compiled as compiled_faults
from fieldpack_benchmarks.delivery.typescript import ran

MODEL = "Sources/TinyModel/Model.swift"
LEAST = {name: count for name, count in LEAST_SOURCES.items() if name != "react-native"}
FEED = """
import { readFileSync, writeFileSync } from "node:fs";
const [, , folder, target] = process.argv;
const { feed } = await import(`${folder}/build/fieldpack/border.js`);
const { INPUT_BORDERS: [border] } = await import(`${folder}/build/facts.js`);
const content = readFileSync(new URL(`${folder}/test/golden/input-0.f32`));
const golden = new Float32Array(new Uint8Array(content).buffer);
const size = border.shape.reduce((product, length) => product * length, 1);
const fed = [];
for (let at = 0; at < golden.length; at += size) fed.push(feed(border, golden.subarray(at, at + size)));
writeFileSync(target, Buffer.concat(fed.map((tensor) => Buffer.from(tensor.buffer))));
"""
"""Writes what the tensor takes for every golden vector."""


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("consumer", LEAST)
def test_sources_follow_the_grammar(
    tmp_path: Path, consumer: str, kind: str, syntax_faults: Callable[[str, str], list[str]]
) -> None:
    project = exported(tmp_path, consumer, kind)
    sources = [path for path in project.rglob("*") if path.suffix in LANGUAGES]
    assert len(sources) >= LEAST[consumer]
    for path in sources:
        assert not syntax_faults(LANGUAGES[path.suffix], path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(
    ("consumer", "file", "sound", "broken"),
    [
        ("android", "src/main/kotlin/Model.kt", "class Inputs(", "class Inputs"),
        ("android", "src/main/kotlin/Model.kt", "fun prepare0(value", "fun prepare0 value"),
        ("android", "src/main/kotlin/Model.kt", 'NAME = "', "NAME = "),
        ("swift", MODEL, "public struct Inputs {", "public struct Inputs"),
        ("swift", MODEL, "func prepare0(", "func prepare0"),
        ("swift", MODEL, 'name = "', "name = "),
    ],
)
def test_a_planted_fault_is_seen(
    tmp_path: Path,
    consumer: str,
    file: str,
    sound: str,
    broken: str,
    syntax_faults: Callable[[str, str], list[str]],
) -> None:
    path = exported(tmp_path, consumer, "image") / file
    text = path.read_text(encoding="utf-8")
    assert text.count(sound) == 1
    assert syntax_faults(LANGUAGES[path.suffix], text.replace(sound, broken))


def exported(folder: Path, consumer: str, kind: str) -> Path:
    """A project of a bundle with one input of a kind."""
    bundle = kind_bundle(folder / "bundle", kind)
    assert main(["export", str(bundle), "--for", consumer, "--out", str(folder / "out")]) == 0
    return folder / "out"


@pytest.mark.parametrize("kind", INPUTS)
def test_the_package_for_react_native_has_types_and_agrees_with_the_reference(
    tmp_path: Path, kind: str
) -> None:
    package = compiled(tmp_path, kind)
    told = ran("node", str(package / "test/maths.mjs"))
    assert told.returncode == 0, told.stderr
    assert int(told.stdout.split()[0]) >= 5
    assert json.loads((package / "package.json").read_text())["name"] == "fieldpack-tiny"


@pytest.mark.parametrize(
    ("kind", "module", "sound", "broken"),
    [
        ("image", "fieldpack/image.js", "padded(coloured", "stretched(coloured"),
        ("image", "fieldpack/image.js", "swapped(sized)", "sized"),
        ("location", "fieldpack/location.js", "/ encoding.highest_m", "/ 6574"),
        ("waveform", "fieldpack/sound.js", "scale.peak / loudest", "1 / loudest"),
        ("raster", "tiles.js", "contract.fill", "0"),
        ("tensor", "fieldpack/rollup.js", "one + other", "Math.max(one, other)"),
    ],
)
def test_a_planted_fault_of_the_arithmetic_is_seen(
    tmp_path: Path, kind: str, module: str, sound: str, broken: str
) -> None:
    package = compiled(tmp_path, kind)
    path = package / "build" / module
    text = path.read_text(encoding="utf-8")
    assert sound in text
    path.write_text(text.replace(sound, broken), encoding="utf-8")
    assert ran("node", str(package / "test/maths.mjs")).returncode == 1


@pytest.mark.full
def test_golden_vectors_go_through_typescript_and_litert(meadow: Path, tmp_path: Path) -> None:
    package = compiled_package(meadow, tmp_path / "out")
    script = tmp_path / "feed.mjs"
    script.write_text(FEED)
    told = ran("node", str(script), package.as_uri(), str(tmp_path / "fed"))
    assert told.returncode == 0, told.stderr
    border = json.loads((package / "contract.json").read_text())["inputs"][0]
    fed = np.fromfile(tmp_path / "fed", np.float32).reshape(-1, *border["shape"])
    with open_bundle(meadow) as bundle:
        name = json.loads((package / "contract.json").read_text())["flavour"]["name"]
        expected = bundle.flavour_golden(name)
        entry = next(item for item in bundle.manifest.flavours if item.name == name)
    runner = TfliteRunner(package / "assets/model.tflite")
    (output,) = entry.outputs
    for tensor, wanted in zip(fed, expected[output.name], strict=False):
        found = runner.run({border["tensor"]: tensor})[output.tensor]
        assert np.abs(found - wanted).max() <= entry.golden.tolerance[output.name]
    assert len(fed) == min(8, len(expected[output.name]))


def compiled(folder: Path, kind: str) -> Path:
    """The package for React Native of a bundle with one input of a kind, compiled."""
    return compiled_package(kind_bundle(folder / "bundle", kind), folder / "out")


def compiled_package(bundle: Path, package: Path) -> Path:
    """A package for React Native, compiled."""
    assert main(["export", str(bundle), "--for", "react-native", "--out", str(package)]) == 0
    try:
        assert not compiled_faults(package)
    except MissingDependencyError as error:
        pytest.skip(f"{error.what}: {error.hint}")
    return package
