"""The rules of the house that no single package can test: costs, arrows, what is shipped, what is tracked."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {
    "fieldpack": "sdk",
    "fieldpack_converters": "converters",
    "fieldpack_benchmarks": "benchmarks",
    "fieldpack_reference_models": "reference_models",
}
MAY_IMPORT = {
    "fieldpack": {"fieldpack"},
    "fieldpack_converters": {"fieldpack", "fieldpack_converters"},
    "fieldpack_benchmarks": {"fieldpack", "fieldpack_benchmarks"},
    "fieldpack_reference_models": {"fieldpack", "fieldpack_converters", "fieldpack_reference_models"},
}
FRAMEWORKS = {
    "tensorflow", "tf_keras", "keras", "torch", "coremltools", "litert_torch", "ai_edge_quantizer",
    "ai_edge_litert", "onnx", "onnxruntime", "librosa", "soundfile", "tensorflow_model_optimization",
}  # fmt: skip
HEAVY = FRAMEWORKS | {"numpy", "pydantic", "PIL", "google"}
TEXTS = {".py", ".md", ".toml", ".sh", ".yml"}
LONGEST = 800
LARGEST_BYTES = 2 * 2**20
LARGEST_WEIGHTS = 12_000_000
WEIGHTS = (".keras", ".pt", ".npz", ".safetensors")


def _python(program: str, cwd: Path = ROOT) -> str:
    done = subprocess.run([sys.executable, "-c", program], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: nothing is tracked; clone the repository to run this test")
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in files if path.is_file()]


def _sources(package: str) -> Iterator[Path]:
    return (ROOT / PACKAGES[package] / package).rglob("*.py")


# -- costs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "program",
    [
        "import fieldpack",
        "import fieldpack.errors, fieldpack.worker, fieldpack.doctor",
        "from fieldpack.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass",
        "from fieldpack.cli.main import main\ntry: main(['--version'])\nexcept SystemExit: pass",
    ],
    ids=["import", "errors", "help", "version"],
)
def test_starting_costs_nothing_heavy(program: str) -> None:
    printed = _python(f"{program}\nimport json, sys; print('\\n' + json.dumps(sorted(sys.modules)))")
    loaded = {name.split(".")[0] for name in json.loads(printed.splitlines()[-1])}
    assert not loaded & HEAVY


def test_every_sdk_module_imports_with_the_bare_dependencies() -> None:
    """Core ML execution is an extra: its folder needs torch and protobuf, and nothing else does."""
    names = [".".join(path.relative_to(ROOT / "sdk").with_suffix("").parts) for path in _sources("fieldpack")]
    bare = [name for name in names if not re.search(r"_test$|conftest$|^fieldpack\.coreml\.", name)]
    assert len(bare) > 10
    program = f"""
import importlib, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {sorted(FRAMEWORKS - {"ai_edge_litert"})!r}:
            raise ModuleNotFoundError("blocked: " + name, name=name)
sys.meta_path.insert(0, Refuse())
for name in {bare!r}:
    importlib.import_module(name.removesuffix(".__init__"))
"""
    _python(program)


# -- arrows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "line", "rule", "sentence"),
    [
        ("sdk/fieldpack", "import tensorflow", "TID253", "`tensorflow` is banned at the module level"),
        (
            "converters/fieldpack_converters",
            "import torch",
            "TID253",
            "`torch` is banned at the module level",
        ),
        ("sdk/fieldpack", "import fieldpack_converters", "TID251", "sdk never imports the converters"),
        ("sdk/fieldpack", "import fieldpack_benchmarks", "TID251", "arrows of ARCHITECTURE.md"),
        ("sdk/fieldpack", "import fieldpack_reference_models", "TID251", "arrows of ARCHITECTURE.md"),
        ("sdk/fieldpack", "from . import errors", "TID252", "Prefer absolute imports"),
        ("sdk/fieldpack", "print('x')", "T201", "`print` found"),
    ],
)
def test_ruff_refuses_what_the_house_forbids(place: str, line: str, rule: str, sentence: str) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise"]
    command += ["--stdin-filename", f"{place}/newcomer.py", "-"]
    done = subprocess.run(command, cwd=ROOT, input=line + "\n", capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert rule in done.stdout
    assert sentence in done.stdout


def _imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows_point_one_way(package: str) -> None:
    """Also inside functions, where no linter rule of ours looks for every folder."""
    wrong = {
        str(path.relative_to(ROOT)): sorted(strangers)
        for path in _sources(package)
        if (strangers := (_imported(path) & set(PACKAGES)) - MAY_IMPORT[package])
    }
    assert not wrong


@pytest.mark.parametrize("package", PACKAGES)
def test_a_source_root_holds_one_package_and_nothing_importable_beside_it(package: str) -> None:
    """Whatever else lies in a root would become a top-level module of every user."""
    root = ROOT / PACKAGES[package]
    beside = {path.name for path in root.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert beside - {"__pycache__"} == {package}
    assert (root / package / "py.typed").is_file()


@pytest.mark.parametrize("package", PACKAGES)
def test_names_are_nouns_and_input_is_never_asserted(package: str) -> None:
    shelves = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
    for path in _sources(package):
        assert not shelves & set(path.with_suffix("").parts[len(ROOT.parts) :]), path
        if path.name.endswith("_test.py") or path.name == "conftest.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        asserted = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)]
        assert not asserted, f"{path}: assert in lines {asserted}; raise an error of fieldpack.errors"


# -- what is shipped -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(built).namelist())


def test_the_wheel_holds_the_four_packages_and_no_test(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    tests = re.compile(r"(_test\.py|conftest\.py)$|/testdata/|__pycache__")
    assert not [name for name in wheel if tests.search(name)]


def test_the_wheel_holds_every_source_and_the_data_beside_it(wheel: set[str]) -> None:
    for package in PACKAGES:
        expected = {
            path.relative_to(ROOT / PACKAGES[package]).as_posix()
            for path in _sources(package)
            if not path.name.endswith("_test.py")
            and path.name != "conftest.py"
            and "testdata" not in path.parts
        }
        assert expected <= wheel
        assert f"{package}/py.typed" in wheel
    vision = "fieldpack_reference_models/vision"
    assert {f"{vision}/pack.toml", f"{vision}/model.keras"} <= wheel
    projects = "fieldpack/phone_projects/templates"
    assert {f"{projects}/android/run.sh", f"{projects}/ios/Package.swift"} <= wheel
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel)


@pytest.mark.parametrize("package", PACKAGES)
def test_an_editable_install_imports_from_anywhere(package: str, tmp_path: Path) -> None:
    printed = _python(f"import {package}; print({package}.__file__)", cwd=tmp_path)
    assert Path(printed.strip()) == ROOT / PACKAGES[package] / package / "__init__.py"


# -- the lock ------------------------------------------------------------------------------------


def _pins() -> dict[str, str]:
    lock = (ROOT / "constraints.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+) \\$", lock, re.MULTILINE))


def test_every_locked_package_has_a_hash_and_no_address() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    shapes = (r"[a-z0-9-]+==\S+ \\", r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert not [line for line in lines if not any(re.fullmatch(shape, line) for shape in shapes)]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        assert not line.endswith("\\") or following.startswith("    --hash="), line


def test_the_lock_keeps_every_range_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(line for name in extras if name != "all" for line in extras[name])]
    pins = _pins()
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        if name != "torch":
            assert requirement.specifier.contains(pins[name]), requirement
    assert "torch" not in pins
    assert set(Requirement(extras["all"][0]).extras) == set(extras) - {"all", "dev"}


def test_every_entry_point_leads_to_something_callable() -> None:
    """A study is registered in ``pyproject.toml``, far from its code; nothing else notices a slip."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    points = dict(project["scripts"]) | project["entry-points"]["fieldpack.studies"]
    assert {"fieldpack", "server-models"} <= set(points)
    for name, target in points.items():
        module, _, attribute = target.partition(":")
        assert callable(getattr(importlib.import_module(module), attribute)), name


# -- what is tracked -----------------------------------------------------------------------------


def test_nothing_tracked_is_large() -> None:
    assert not [str(path) for path in _tracked() if path.stat().st_size > _largest(path)]


def _largest(path: Path) -> int:
    return LARGEST_WEIGHTS if "reference_models" in path.parts and path.suffix in WEIGHTS else LARGEST_BYTES


def test_no_text_is_endless() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in _tracked()
        if path.suffix in TEXTS and (lines := path.read_bytes().count(b"\n")) > LONGEST
    }
    assert not long


def test_nothing_tracked_names_one_machine_or_a_registry() -> None:
    folders = ("work", "tmp", "root", "opt", "home")  # spelled in parts, or this file would find itself
    hosts = ("pypi", "pythonhosted", "npmjs", "pytorch", "debian")
    path_of = r"(?<![\w./$}~-])/(" + "|".join(folders) + r")/\w"
    host_of = r"\b(\w+\.)*(" + "|".join(hosts) + r")\.(org|com|net)\b"
    pattern = re.compile(f"{path_of}|{host_of}".encode())
    found = {
        str(path.relative_to(ROOT)): match[0].decode()
        for path in _tracked()
        if path.name != "LICENSE" and (match := pattern.search(path.read_bytes()))
    }
    assert not found


def test_the_build_machine_can_run_its_script() -> None:
    listed = subprocess.run(["git", "ls-files", "-s", ".ci/run"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: no file mode is recorded; clone the repository to run this test")
    assert listed.stdout.startswith("100755")
