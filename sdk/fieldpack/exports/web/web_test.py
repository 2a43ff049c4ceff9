"""The folder of ``--for web`` without a browser: what is in it, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from pathlib import Path

import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.write import BundleWriter
from fieldpack.cli.main import main
from fieldpack.errors import InputError, MissingDependencyError, UnsupportedError
from fieldpack.exports.testing import HOSTILE, kind_bundle, kind_content
from fieldpack.exports.typescript import sources
from fieldpack.exports.web.facts import H3, LITERT, LITERT_VERSION
from fieldpack.exports.web.write import write

KINDS = ("image", "waveform", "spectrogram", "location")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stand-in for the folder that ``make web`` fills."""
    folder = tmp_path_factory.mktemp("node_modules")
    for name in (*LITERT, *H3):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    told = {"version": LITERT_VERSION}
    (folder / "@litertjs/core/package.json").write_text(json.dumps(told))
    return folder


def exported(bundle: Path, out: Path, packages: Path | None, *names: str) -> Path:
    with open_bundle(bundle) as opened:
        return write(opened, out, names, packages).folder


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_is_named_is_there(tmp_path: Path, packages: Path, kind: str) -> None:
    out = exported(kind_bundle(tmp_path / "bundle", kind), tmp_path / "out", packages)
    about = json.loads((out / "model.json").read_bytes())
    graphs = [about["model"], *([about["front_end"]] if about["front_end"] else [])]
    named = [item["path"] for item in graphs]
    named += [about["golden"]["input"], *about["golden"]["outputs"], *about["resampling"].values()]
    assert [name for name in named if not (out / name).is_file()] == []
    assert (about["front_end"] is not None) == (kind == "spectrogram")
    assert bool(about["resampling"]) == (kind in ("waveform", "spectrogram"))
    for module in sources.javascript(sources.PAGE):
        assert (out / module).is_file()
        assert (out / module).with_suffix(".ts").is_file()
    assert not (out / "runtime/h3.js").exists()


def test_the_policy_admits_the_import_map_and_nothing_inline(tmp_path: Path, packages: Path) -> None:
    page = (
        exported(kind_bundle(tmp_path / "b", "image"), tmp_path / "out", packages) / "index.html"
    ).read_text()
    imports = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
    inline = [text for text in imports if text]
    digest = base64.b64encode(hashlib.sha256(inline[0].encode()).digest()).decode()
    assert len(inline) == 1
    assert f"'sha256-{digest}'" in page
    assert "unsafe-inline" not in page
    assert " style=" not in page
    assert not re.search(r"\son\w+=", page)
    assert HOSTILE not in page
    assert escape(HOSTILE) not in page


def test_cells_take_their_library_along(tmp_path: Path, packages: Path) -> None:
    bundle = kind_bundle(tmp_path / "bundle", "location", snap_resolution=3)
    out = exported(bundle, tmp_path / "out", packages)
    assert (out / "runtime/h3.js").is_file()


@pytest.mark.parametrize("kind", ["raster", "tensor"])
def test_what_people_cannot_give_to_a_page_is_refused(tmp_path: Path, packages: Path, kind: str) -> None:
    bundle = kind_bundle(tmp_path / "bundle", kind)
    with pytest.raises(UnsupportedError, match=f"{kind}") as refused:
        exported(bundle, tmp_path / "out", packages)
    assert "--for folder" in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_integer_inputs_are_refused_with_what_to_build(tmp_path: Path, packages: Path) -> None:
    with BundleWriter(tmp_path / "bundle") as writer:
        fields = kind_content(writer, "image")
        border = fields["flavours"][0]["inputs"][0]
        border |= {"dtype": "int8", "quantization": {"scale": 0.1, "zero_point": 0}}
        writer.commit(fields)
    with pytest.raises(InputError, match="float32") as refused:
        exported(tmp_path / "bundle", tmp_path / "out", packages)
    assert 'io = "float32"' in str(refused.value)
    with pytest.raises(InputError, match="float32"):
        exported(tmp_path / "bundle", tmp_path / "out", packages, "coreml-float32")


def test_a_missing_runtime_ends_with_4_and_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = kind_bundle(tmp_path / "bundle", "image")
    command = [
        "export",
        str(bundle),
        "--for",
        "web",
        "--out",
        str(tmp_path / "out"),
        "--runtime",
        str(tmp_path),
    ]
    assert main(command) == 4
    assert f"npm install --ignore-scripts @litertjs/core@{LITERT_VERSION}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_another_version_of_the_runtime_is_refused(tmp_path: Path) -> None:
    told = tmp_path / "@litertjs/core/package.json"
    told.parent.mkdir(parents=True)
    told.write_text('{"version": "9.9.9"}')
    with pytest.raises(MissingDependencyError, match=re.escape("9.9.9")):
        exported(kind_bundle(tmp_path / "bundle", "image"), tmp_path / "out", tmp_path)
