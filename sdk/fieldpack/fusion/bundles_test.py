"""Pictures and places as each mode prepares them, and answers from bundles by the command."""

from __future__ import annotations

import importlib.util
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.labels import labels_bytes
from fieldpack.bundle.read import open_bundle
from fieldpack.bundle.write import BundleWriter
from fieldpack.cli.main import main
from fieldpack.contract.inputs import ImageInput
from fieldpack.errors import InputError, MissingDependencyError, StorageError
from fieldpack.fusion import Mode, fuse
from fieldpack.fusion.bundles import Models, fuse_bundles
from fieldpack.fusion.pictures import mode_picture
from fieldpack.fusion.places import located, read_elevations
from fieldpack.preprocess.image import bilinear
from fieldpack.recordings.testing import RATE_HZ, TONES_HZ, tone, tone_content, tone_contract
from fieldpack.taxonomy import Form, Taxon, Taxonomy, write_taxonomy
from fieldpack.testing import dense_tflite, tiny_content

HAS_H3 = importlib.util.find_spec("h3") is not None
needs_h3 = pytest.mark.skipif(not HAS_H3, reason='needs h3: pip install "fieldpack[geo]"')
PICTURE: dict[str, Any] = {
    "kind": "image",
    "name": "vector",
    "height": 4,
    "width": 4,
    "color_order": "rgb",
    "layout": "NHWC",
    "normalization": {"kind": "range", "low": 0.0, "high": 1.0},
    "resize": {"method": "nearest", "fit": {"kind": "stretch"}},
}
TAXA = Taxonomy(
    (
        Taxon("1", None, "Hymenoptera", 40.0),
        Taxon("2", "1", "bee", 10.0, 0, 0.25),
        Taxon("4", "1", "wasp", 10.0, 1),
        Taxon("3", None, "moth", 20.0, 2, 0.25),
    )
)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A wide picture that stands on its side: bright above red below, as stored."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:20] = (255, 255, 255)
    pixels[20:, :, 0] = np.linspace(100, 200, 60).astype(np.uint8)
    picture = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "photo.png", exif=exif)
    return tmp_path / "photo.png"


def contract(**changes: Any) -> ImageInput:
    return ImageInput.model_validate(PICTURE | changes)


def test_each_mode_crops_and_turns_a_picture_its_own_way(photo: Path) -> None:
    stored = np.asarray(Image.open(photo))
    android = mode_picture(photo, contract(), Mode.ANDROID)
    np.testing.assert_array_equal(android[0], bilinear(stored[:, 10:50], 4, 4))
    turned = mode_picture(photo, contract(), Mode.ANDROID_TRANSPOSED)
    np.testing.assert_array_equal(turned[0], android[0].transpose(1, 0, 2))
    tight = mode_picture(photo, contract(), Mode.ANDROID, crop_ratio=0.5)
    np.testing.assert_array_equal(tight[0], bilinear(stored[10:30, 20:40], 4, 4))
    upright = Image.fromarray(np.rot90(stored, -1))
    ios = mode_picture(photo, contract(), Mode.IOS)
    wanted = upright.crop((0, 10, 40, 50)).resize((4, 4), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(ios[0], np.asarray(wanted))
    large = mode_picture(photo, contract(height=28, width=28), Mode.SERVER)
    wanted = upright.resize((32, 48), Image.Resampling.BOX).crop((2, 10, 30, 38))
    np.testing.assert_array_equal(large[0], np.asarray(wanted))
    assert large.dtype == np.uint8


def test_a_picture_that_a_mode_cannot_take_is_refused(photo: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="square"):
        mode_picture(photo, contract(width=5), Mode.ANDROID_TRANSPOSED)
    for ratio in (0.0, 1.5, float("nan")):
        with pytest.raises(InputError, match="crop ratio"):
            mode_picture(photo, contract(), Mode.ANDROID, crop_ratio=ratio)
    with pytest.raises(InputError):
        mode_picture(tmp_path / "none.png", contract(), Mode.IOS)


@needs_h3
def test_a_place_becomes_the_centre_of_its_cell_with_the_tables_elevation(tmp_path: Path) -> None:
    import h3

    cell = h3.latlng_to_cell(47.37, 8.54, 4)
    digits = cell[2:7]
    assert cell == f"84{digits}ffffffff"
    (tmp_path / "t.json").write_text(json.dumps({digits: 512}))
    (tmp_path / "t.csv").write_text(f"h3_04,elevation\n{cell},512.0\n")
    for name in ("t.json", "t.csv"):
        place = located(47.37, 8.54, 400.0, elevations=read_elevations(tmp_path / name))
        assert (place.latitude_degrees, place.longitude_degrees) == h3.cell_to_latlng(cell)
        assert (place.elevation_m, place.cell) == (512.0, cell)
        assert place.raw[2] == 512.0
    assert located(47.37, 8.54, 400.0).elevation_m == 400.0
    assert located(-47.37, 8.54, elevations={digits: 512.0}).elevation_m is None
    assert located(47.37, 8.54, elevations={digits: 0.0}).elevation_m == 0.0
    assert located(47.37, 8.54, elevations={digits: 0.0}, zero_is_missing=True).elevation_m is None
    exact = located(47.37, 8.54, elevations={digits: 512.0}, exact=True)
    assert exact.as_dict() == {"latitude": 47.37, "longitude": 8.54, "elevation_m": 512.0, "h3_cell": None}


def test_an_exact_place_needs_no_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h3", None)
    assert located(47.37, 8.54, exact=True).raw == (47.37, 8.54, None)
    with pytest.raises(MissingDependencyError, match="h3"):
        located(47.37, 8.54)


@pytest.mark.parametrize("place", [(91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0), (100.0, 47.0)])
def test_places_out_of_range_are_refused(place: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="out of range"):
        located(*place, exact=True)


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"01e1": 1}', '{"01e1d": "x"}', "h3,elevation\n1,2\n"])
def test_faulty_elevation_tables_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "t").write_text(text)
    with pytest.raises(InputError):
        read_elevations(tmp_path / "t")
    with pytest.raises(StorageError):
        read_elevations(tmp_path / "none")


def write_wav(path: Path, samples: np.ndarray, rate_hz: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


def bundle(
    target: Path,
    source: dict[str, Any],
    model: bytes,
    golden: np.ndarray,
    taxa: Taxonomy,
    limits: bytes | None = None,
) -> Path:
    """A bundle with this model and the taxonomy of its labels; its golden outputs are not run here."""
    output: dict[str, Any] = {"name": "scores", "activation": "softmax"}
    output |= {"labels": "labels.txt", "taxonomy": "taxa.csv"}
    with BundleWriter(target) as writer:
        fields = tiny_content(writer)
        writer.add_bytes("tflite-float32/model.tflite", model)
        writer.add_bytes("labels.txt", labels_bytes([taxon.name for taxon in taxa.leaves]))
        writer.add_bytes("taxa.csv", write_taxonomy(taxa, Form.PLAIN))
        writer.add_bytes("golden/vector.npy", npy_bytes(golden))
        (entry,) = fields["flavours"]
        if limits is not None:
            writer.add_bytes("limits.csv", limits)
            output |= {"activation": "sigmoid", "threshold": 0.9, "thresholds": "limits.csv"}
        border = entry["inputs"][0] | {"shape": [1, *golden.shape[1:]]}
        if source["kind"] == "image":
            border |= {"layout": "NHWC", "scale": [1 / 255] * 3, "offset": [0.0] * 3}
        from fieldpack.bundle.digest import sha256_bytes

        sizes = {"digest": sha256_bytes(model), "installed_bytes": len(model), "download_bytes": len(model)}
        stated = {"inputs": [source], "outputs": [output]}
        writer.commit({**fields, "contract": stated, "flavours": [entry | sizes | {"inputs": [border]}]})
    return target


@pytest.fixture
def models(tmp_path: Path) -> tuple[Path, Path]:
    """A picture model that likes bright rows above, and a range model that likes the north."""
    weights = np.zeros((3, 4, 4, 3), np.float32)
    weights[0, :2], weights[1, 2:], weights[2, :, :2] = 0.1, 0.1, 0.1
    dense = dense_tflite("vector", (1, 48), weights.reshape(3, 48), np.zeros(3, np.float32), "softmax")
    pixels = np.zeros((5, 4, 4, 3), np.uint8)
    picture = bundle(tmp_path / "picture.fieldpack", PICTURE, _flat(dense), pixels, TAXA)
    north = np.array([[0.05, 0.0], [0.0, 0.0], [-0.05, 0.0]], np.float32)
    dense = dense_tflite("vector", (1, 2), north, np.zeros(3, np.float32), "softmax")
    source = {"kind": "location", "name": "vector", "encoding": "degrees"}
    order = Taxonomy((TAXA.taxa[0], *(TAXA.taxa[row] for row in (2, 3, 1))))
    taxa = Taxonomy(tuple(_renumbered(order)))
    place = bundle(tmp_path / "place.fieldpack", source, dense, np.zeros((5, 2), np.float32), taxa)
    return picture, place


def _renumbered(taxonomy: Taxonomy) -> list[Taxon]:
    import dataclasses

    numbers = iter(range(3))
    return [
        taxon if taxon.leaf is None else dataclasses.replace(taxon, leaf=next(numbers))
        for taxon in taxonomy.taxa
    ]


def _flat(model: bytes) -> bytes:
    """The dense model with a picture of [1, 4, 4, 3] as its input; the layer flattens it."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    tree.subgraphs[0].tensors[0].shape = [1, 4, 4, 3]
    builder = flatbuffers.Builder(1024)
    builder.Finish(tree.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def test_bundles_are_joined_by_taxon_and_run_as_each_mode_does(
    models: tuple[Path, Path], photo: Path
) -> None:
    with open_bundle(models[0]) as picture, open_bundle(models[1]) as place:
        where = located(60.0, 10.0, exact=True)
        answers = fuse_bundles(Models((picture, photo), (place, where)))
        by_mode = {answer.mode: answer for answer in answers}
        assert set(by_mode) == set(Mode)
        geo = np.exp([-3.0, 3.0, 0.0]) / np.exp([-3.0, 3.0, 0.0]).sum()
        for mode in Mode:
            pixels = mode_picture(photo, picture.manifest.contract.inputs[0], mode).astype(np.float64) / 255  # type: ignore[arg-type]
            sums = 0.1 * np.array([pixels[0, :2].sum(), pixels[0, 2:].sum(), pixels[0, :, :2].sum()])
            vision = np.exp(sums) / np.exp(sums).sum()
            wanted = fuse(vision, geo, None, TAXA, mode)
            told = by_mode[mode].predictions
            assert [item.taxon.id for item in told] == [item.taxon.id for item in wanted.predictions]
            assert [item.score for item in told] == pytest.approx(
                [item.score for item in wanted.predictions], rel=1e-4
            )
            assert [item.geo_threshold for item in told] == [
                item.geo_threshold for item in wanted.predictions
            ]
        scores = {mode: by_mode[mode].predictions[0].vision_score for mode in Mode}
        assert len({round(value, 3) for value in scores.values()}) == 4
        assert by_mode[Mode.IOS].notes[0].startswith("the picture's bundle has no coreml flavour")
        assert by_mode[Mode.ANDROID].notes == ()
        assert by_mode[Mode.ANDROID].flavour == "picture tflite-float32 (host), place tflite-float32 (host)"


def test_thresholds_are_those_of_the_place(tmp_path: Path) -> None:
    north = np.array([[0.05, 0.0], [0.0, 0.0], [-0.05, 0.0]], np.float32)
    dense = dense_tflite("vector", (1, 2), north, np.zeros(3, np.float32), "sigmoid")
    source = {"kind": "location", "name": "vector", "encoding": "degrees"}
    limits = b"label,threshold\nbee,0.96\nwasp,0.45\nmoth,\n"
    path = bundle(tmp_path / "place", source, dense, np.zeros((5, 2), np.float32), TAXA, limits)
    with open_bundle(path) as place:
        asked = Models(place=(place, located(60.0, 10.0, exact=True)))
        (android,) = fuse_bundles(asked, [Mode.ANDROID])
        assert android.expected_nearby == ("4",)
        (south,) = fuse_bundles(Models(place=(place, located(-70.0, 0.0, exact=True))), [Mode.SERVER])
        assert south.expected_nearby == ("4", "3")


def test_a_recording_beside_a_picture_is_joined_by_taxon(
    models: tuple[Path, Path], photo: Path, tmp_path: Path
) -> None:
    labels = tone_contract().outputs[0]
    heard = Taxonomy(
        (
            Taxon("2", None, "bee", 10.0, 0),
            Taxon("9", None, "owl", 10.0, 1),
            Taxon("8", None, "frog", 10.0, 2),
        )
    )
    stated = tone_contract(output={"taxonomy": "taxa.csv"})
    with BundleWriter(tmp_path / "sound.fieldpack") as writer:
        fields = tone_content(writer, stated)
        writer.add_bytes(str(labels.labels), labels_bytes([taxon.name for taxon in heard.leaves]))
        writer.add_bytes("taxa.csv", write_taxonomy(heard, Form.PLAIN))
        writer.commit(fields)
    recording = tmp_path / "tone.wav"
    write_wav(recording, tone(2.0, TONES_HZ[0]), RATE_HZ)
    with open_bundle(models[0]) as picture, open_bundle(tmp_path / "sound.fieldpack") as sound:
        (alone,) = fuse_bundles(Models((picture, photo)), [Mode.ANDROID])
        (both,) = fuse_bundles(Models((picture, photo), sound=(sound, recording)), [Mode.ANDROID])
        (only,) = fuse_bundles(Models(sound=(sound, recording)), [Mode.SERVER])
    assert only.predictions[0].taxon.id == "2"
    assert {item.taxon.id for item in both.predictions} == {"2", "3", "4"}
    ratio = only.predictions[0].vision_score / 100
    seen, joined = ({item.taxon.id: item.score for item in answer.predictions} for answer in (alone, both))
    assert joined["2"] / joined["4"] == pytest.approx(ratio * seen["2"] / seen["4"], rel=1e-4)
    assert joined["3"] / joined["4"] == pytest.approx(seen["3"] / seen["4"], rel=1e-4)


def test_bundles_of_another_kind_are_refused(models: tuple[Path, Path], photo: Path) -> None:
    with open_bundle(models[0]) as picture, open_bundle(models[1]) as place:
        with pytest.raises(InputError, match="takes no picture"):
            fuse_bundles(Models((place, photo)))
        with pytest.raises(InputError, match="takes no sound"):
            fuse_bundles(Models(sound=(picture, photo)))
        with pytest.raises(InputError, match="nothing to fuse"):
            fuse_bundles(Models())
        with pytest.raises(InputError, match="no such flavour"):
            fuse_bundles(Models((picture, photo), flavour="int4"))


def test_the_command_shows_modes_side_by_side(
    models: tuple[Path, Path], photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "fuse",
        "--picture",
        str(models[0]),
        str(photo),
        "--place",
        str(models[1]),
        "60,10",
        "--exact-place",
    ]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[0].split() == ["taxon", "name", "server", "ios", "android", "android-transposed"]
    assert "expected nearby: 4\n" in text
    assert "  best branch: stateofmatter Life 100.00" in text
    assert main([*arguments, "--mode", "android", "--format", "json", "--taxon", "1"]) == 0
    written = json.loads(capsys.readouterr().out)
    (answer,) = written["answers"]
    assert {item["taxon_id"] for item in answer["predictions"]} <= {2, 4}
    assert written["place"]["h3_cell"] is None
    assert main([*arguments, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["answers"]) == 4
    place = arguments.index("60,10")
    south = [*arguments[:place], "-60.5,-10,12", *arguments[place + 1 :]]
    assert main([*south, "--format", "json", "--mode", "ios"]) == 0
    assert json.loads(capsys.readouterr().out)["place"]["latitude"] == -60.5
    for wrong in (["--taxon", "1", "--without-taxon", "1"], ["--confidence", "101"]):
        assert main([*arguments, *wrong]) == 2
    assert main(["fuse"]) == 2
    arguments[5:7] = [str(models[1]), "10"]
    assert main(arguments) == 2
