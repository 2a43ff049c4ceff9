"""The doctor agrees with packaging's own arithmetic, and names what is missing or wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from fieldpack.doctor import Check, Outcome, examine, healthy, needs, satisfies

RELEASE = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
CLAUSES = st.lists(
    st.tuples(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), RELEASE).map("".join), max_size=3
)


@given(version=RELEASE, clauses=CLAUSES, local=st.sampled_from(["", "+cpu"]))
def test_ranges_mean_what_pip_means(version: str, clauses: list[str], local: str) -> None:
    expected = SpecifierSet(",".join(clauses)).contains(version)
    assert satisfies(version + local, ",".join(clauses)) is expected


def test_an_unknown_clause_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'~=2\.0'"):
        satisfies("2.1", "~=2.0")


def test_needs_are_merged_over_extras_and_ordered() -> None:
    found = needs(
        [
            "torch<2.14,>=2.13; extra == 'coreml-reference'",
            "torch<2.14,>=2.13; extra == 'torch'",
            'mypy>=2.4; extra == "dev"',
            'fieldpack[keras,torch]; extra == "all"',
            "numpy<2.4,>=1.26",
        ]
    )
    assert [(need.name, need.range, need.extras) for need in found] == [
        ("numpy", "<2.4,>=1.26", (None,)),
        ("torch", "<2.14,>=2.13", ("coreml-reference", "torch")),
    ]


@pytest.fixture
def checks() -> dict[str, Check]:
    return {check.name: check for check in examine()}


@pytest.mark.parametrize("name", ["python", "numpy", "pillow", "pydantic", "ai-edge-litert"])
def test_the_bare_distribution_is_found_healthy(checks: dict[str, Check], name: str) -> None:
    assert checks[name].outcome is Outcome.OK
    assert checks[name].required
    assert healthy(list(checks.values()))


EXTRAS = """
    torch protobuf coremltools tensorflow tf-keras ai-edge-quantizer litert-torch soundfile librosa
    onnx onnxruntime
"""


@pytest.mark.parametrize("name", EXTRAS.split())
def test_every_extra_is_examined(checks: dict[str, Check], name: str) -> None:
    check = checks[name]
    assert not check.required
    assert (check.hint == "") is (check.outcome is Outcome.OK)
    assert check.found == _installed(name)


def _installed(name: str) -> str | None:
    return next(
        (item.version for item in metadata.distributions() if item.name.replace("_", "-") == name), None
    )


def test_missing_and_wrong_packages_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"numpy": "2.4.1", "pillow": "12.0", "pydantic": "2.11.0", "ai-edge-litert": "2.3.1"}

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "version", version)
    found = {check.name: check for check in examine()}
    assert found["numpy"].outcome is Outcome.WRONG
    assert found["numpy"].hint == 'pip install "numpy<2.4,>=1.26"'
    assert found["pillow"].outcome is Outcome.OK
    assert found["tensorflow"].outcome is Outcome.MISSING
    assert found["tensorflow"].hint == 'pip install "fieldpack[keras]"'
    assert not healthy(list(found.values()))


def test_a_missing_extra_is_no_illness() -> None:
    missing = Check("tensorflow", None, ">=2.21", "Keras", Outcome.MISSING, "pip install")
    assert healthy([missing])


def test_a_full_disk_and_little_memory_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldpack.doctor.FREE_DISK_BYTES", 2**70)
    monkeypatch.setattr("fieldpack.doctor.MEMORY_BYTES", 2**70)
    found = {check.name: check for check in examine()}
    assert found["disk"].outcome is Outcome.WRONG
    assert found["memory"].outcome is Outcome.WRONG
    assert "free space" in found["disk"].hint


def test_it_says_so_when_fieldpack_itself_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldpack.doctor.DISTRIBUTION", "fieldpack-of-nowhere")
    (only,) = examine()
    assert only.outcome is Outcome.MISSING
    assert not healthy([only])
    assert json.loads(json.dumps(only.as_dict()))["outcome"] == "missing"


def test_examining_imports_nothing_heavy() -> None:
    program = "import json, sys, fieldpack.doctor as d; d.examine(); print(json.dumps(list(sys.modules)))"
    loaded = json.loads(
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    )
    assert not {"numpy", "pydantic", "PIL", "torch", "tensorflow", "coremltools", "ai_edge_litert"} & set(
        loaded
    )
