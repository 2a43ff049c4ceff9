"""The embedded sound model, from ``pack.toml`` to what it hears in a recording."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from fieldpack.build.kept import Kept
from fieldpack.build.pipeline import build_spec
from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main
from fieldpack.errors import ContractError
from fieldpack.spec import load_spec
from fieldpack.verdict import Outcome
from fieldpack_reference_models.sound import evening as evenings

pytestmark = pytest.mark.full

PACK = Path(__file__).parents[1] / "reference_models/fieldpack_reference_models/sound/pack.toml"


def write_pack(folder: Path, labels: Path) -> Path:
    """The embedded pack with fewer clips, as TFLite float32 and int8."""
    head, *parts = PACK.read_text(encoding="utf-8").split("[[flavours]]")
    tables = [f"[[flavours]]{part.split('[budget')[0]}" for part in parts if "tflite" in part]
    budget = "[budget.every]\ntop1_agreement = 0.9\nbackground_fires_rise = 0.1\n"
    text = "".join([head, *tables, budget])
    text = text.replace("count = 960", "count = 96").replace("count = 240", "count = 60")
    for name, path in (("model.keras", PACK.parent / "model.keras"), ("labels.txt", labels)):
        text = text.replace(f'"{name}"', f'"{path}"')
    (folder / "pack.toml").write_text(text, encoding="utf-8")
    return folder / "pack.toml"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """What the builds of this file share: the opened source, its answers and its float32 file."""
    return Kept(tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def bundle(kept: Kept, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    pack = write_pack(folder, PACK.parent / "labels.txt")
    assert build_spec(load_spec(pack), pack, folder / "dusk", kept=kept).outcome is Outcome.PASS
    return folder / "dusk"


@pytest.mark.usefixtures("bundle")
def test_labels_in_another_order_are_refused(kept: Kept, tmp_path: Path) -> None:
    first, *others = (PACK.parent / "labels.txt").read_text(encoding="utf-8").splitlines()
    (tmp_path / "turned.txt").write_text("\n".join([*others, first]) + "\n", encoding="utf-8")
    pack = write_pack(tmp_path, tmp_path / "turned.txt")
    with pytest.raises(ContractError, match="labels of output probabilities stand in another order"):
        build_spec(load_spec(pack), pack, tmp_path / "dusk", kept=kept)
    assert not (tmp_path / "dusk").exists()


@pytest.mark.parametrize("flavour", ["tflite-float32", "tflite-int8"])
def test_a_recording_is_heard_call_by_call(
    bundle: Path, tmp_path: Path, flavour: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = evenings.evening(0, 30.0)
    evenings.write(made, tmp_path / "dusk.wav")
    capsys.readouterr()
    words = ["predict", str(bundle), str(tmp_path / "dusk.wav"), "--flavour", flavour]
    assert main([*words, "--threshold", "0.5", "--step", "0.5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["answers"][0]["detections"]
    spans = [(item["label"], item["start_s"], item["end_s"]) for item in found]
    named = [
        any(label == call.label and start < call.end_s and call.start_s < end for label, start, end in spans)
        for call in made.calls
    ]
    assert sum(named) >= 0.85 * len(made.calls)
    assert len(found) <= 1.3 * len(made.calls)


def test_the_background_is_measured_beside_the_evaluation(bundle: Path) -> None:
    with open_bundle(bundle) as opened:
        verdicts = [item for item in opened.manifest.verdicts if item["name"] == "background_fires_rise"]
        stored = json.loads(opened.path("evidence/parity.json").read_text(encoding="utf-8"))
        assert set(opened.manifest.lineage.data) == {"evaluation", "calibration", "background"}
    assert [item["outcome"] for item in verdicts] == ["pass", "pass"]
    for name in ("tflite-float32", "tflite-int8"):
        found = stored["flavours"][name]["background"]["native"]["probabilities"]
        shares = {figure["name"]: figure["value"] for figure in found["figures"]}
        assert found["items"] == 96
        assert shares["background_fires"] == pytest.approx(found["counts"]["fires"] / 96, abs=1e-5)
        rise = shares["background_fires"] - shares["source_background_fires"]
        assert shares["background_fires_rise"] == pytest.approx(rise, abs=1e-5)


def test_the_commands_of_the_readme_hear_draw_and_write(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    build, evening, *predict = readme.split("```sh sound\n")[1].split("```")[0].splitlines()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").mkdir()
    (tmp_path / build.split()[-1]).symlink_to(bundle)
    assert evenings.main(evening.split()[3:]) == 0
    for line in predict:
        assert main(line.split()[1:]) == 0
    table = (tmp_path / "build/dusk.selections.txt").read_text(encoding="utf-8").splitlines()
    assert table[0].startswith("Selection\tView\tChannel\tBegin Time (s)")
    assert len(table) > 10
    with Image.open(tmp_path / "build/dusk.png") as picture:
        assert picture.width >= 1000
