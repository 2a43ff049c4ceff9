"""The studies end to end on the embedded model, and what they compare."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fieldpack.budget import Budget, Limits
from fieldpack.bundle.read import open_bundle
from fieldpack.data.open import open_data
from fieldpack.errors import MissingDependencyError
from fieldpack.recipe import Method
from fieldpack.spec import ProviderData, Source, SourceKind, load_spec
from fieldpack_benchmarks.cases import CASES, INT8, Case
from fieldpack_benchmarks.changed_spec import write_spec
from fieldpack_benchmarks.data_root import SPECS, data_root
from fieldpack_benchmarks.packed import CACHE, packed
from fieldpack_benchmarks.studies import coreml_quantisation, int8_settings, overhead, server_models
from fieldpack_benchmarks.studies.overhead import BARE, HELP, IMPORT, OURS
from fieldpack_benchmarks.study import load_study

FLAVOURS = ("tflite-float32", INT8)


def nothing(stage: str, done: float) -> None:
    """Progress that nobody reads."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The embedded model with two flavours and few examples."""
    pack = overhead.embedded_pack()
    if pack is None:
        pytest.skip("the reference models are not installed; pip install -e .")
    spec = load_spec(pack)
    assert isinstance(spec.data.evaluation, ProviderData)
    assert isinstance(spec.data.calibration, ProviderData)
    folder = tmp_path_factory.mktemp("specs")
    update = {
        "flavours": tuple(
            # A file by other hands takes what its model takes, so the stand-in does too.
            item.model_copy(update={"fold_scaling": item.name == INT8})
            for item in spec.flavours
            if item.name in FLAVOURS
        ),
        "data": spec.data.model_copy(
            update={
                "evaluation": spec.data.evaluation.model_copy(update={"count": 24}),
                "calibration": spec.data.calibration.model_copy(update={"count": 12}),
                "golden": 2,
            }
        ),
        "budget": Budget(every=Limits(installed_bytes=10**7)),
    }
    write_spec(spec.model_copy(update=update), folder / "tiny.toml")
    return Case("tiny", head="dense", sibling="sibling.tflite", specs=folder)


@pytest.fixture(scope="module")
def tiny_bundle(tiny: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model as a bundle, in the folder that stands for the cache."""
    folder = tmp_path_factory.mktemp("cache")
    return packed(tiny, False, folder, nothing)[1]


@pytest.fixture(scope="module")
def tiny_file(tiny: Case, tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spec with the bundle's float32 file as its source, which needs no framework to be built."""
    folder = tmp_path_factory.mktemp("file")
    with open_bundle(tiny_bundle) as bundle:
        shutil.copyfile(bundle.path("flavours/tflite-float32/model.tflite"), folder / "m.tflite")
    spec = load_spec(tiny.spec)
    flavours = tuple(item.model_copy(update={"fold_scaling": False}) for item in spec.flavours)
    source = Source(kind=SourceKind.TFLITE, path=str(folder / "m.tflite"))
    write_spec(spec.model_copy(update={"source": source, "flavours": flavours}), folder / "file.toml")
    return folder / "file.toml"


@pytest.mark.full
def test_server_models_compares_a_bundle_with_a_file_by_other_hands(
    tiny: Case, tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The float32 flavour stands in for the sibling, so its row is known beforehand."""
    monkeypatch.setenv(CACHE, str(tiny_bundle.parent))
    with open_bundle(tiny_bundle) as bundle:
        shutil.copyfile(bundle.path("flavours/tflite-float32/model.tflite"), tmp_path / "sibling.tflite")
    study = server_models.study_of([tiny], tmp_path, False, nothing)
    rows = {row["flavour"]: row for row in study.rows}
    assert list(rows) == [*FLAVOURS, server_models.OTHER_HANDS]
    ours, other = rows["tflite-float32"], rows[server_models.OTHER_HANDS]
    assert ours["agreement"] == 1.0
    assert ours["labelled"] == ours["n"] == 24
    assert {**other, "flavour": "tflite-float32"} == ours
    int8 = rows[INT8]
    held = {bar.name: bar.holds for bar in study.bars}
    assert held["tiny: the bundle verifies"]
    assert held[f"tiny: size of {INT8} against the published int8"]
    assert held[f"tiny: agreement of {INT8} against the published int8"] is (int8["agreement"] == 1.0)
    path = tmp_path / "study.json"
    path.write_text(json.dumps(study.as_dict()))
    assert load_study(path).rows == study.rows


@pytest.mark.full
def test_overhead_times_starts_predictions_and_a_build(tiny_file: Path) -> None:
    study = overhead.study_of(tiny_file, None, True, nothing)
    timed = {timing.name: timing for timing in study.timings}
    assert {BARE, IMPORT, HELP, OURS, "build"} <= set(timed)
    assert len(timed[HELP].values) >= 7
    assert timed[HELP].warm_ups
    build = next(row for row in study.rows if row["what"] == "build")
    assert isinstance(build["peak_bytes"], int)
    assert 2**24 < build["peak_bytes"] < 2**31
    assert {bar.evidence.value for bar in study.bars} == {"host"}


def test_a_label_map_reads_its_spec_beside_it() -> None:
    mapped = [case for case in CASES if case.label_map is not None]
    assert mapped
    assert all((case.specs / str(case.label_map)).is_file() for case in mapped)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_settings_are_tried_on_data_that_no_figure_is_reported_on(case: Case, tmp_path: Path) -> None:
    if not data_root().is_dir():
        pytest.skip("FIELDPACK_DATA names no folder of real data")
    spec = load_spec(case.spec)
    tried = int8_settings.apart(spec, tmp_path)
    sources = {"calibrated": tried.calibration, "judged": tried.evaluation, "reported": spec.data.evaluation}
    files = {
        role: {str(one.raw) for one in open_data(source, 0)} for role, source in sources.items() if source
    }
    assert len(files) == 3
    assert not files["judged"] & files["calibrated"]
    assert not files["reported"] & (files["judged"] | files["calibrated"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_settings_differ_from_each_other_and_hold_the_stated_ones(case: Case) -> None:
    tried = int8_settings.variants(case, load_spec(case.spec))
    assert len({item.name for item in tried}) == len(tried) == 17
    settings = [(item.ranges, item.rules, item.bias_correction) for item in tried]
    assert settings[0] in settings[1:]
    assert all(item.method is Method.STATIC_INT8 for item in tried)


def test_overhead_times_a_build_without_passes(tmp_path: Path) -> None:
    spec = SPECS / "mobilenet_v1_025.toml"
    assert load_spec(spec).recipe
    assert load_spec(overhead._without_recipe(spec, tmp_path)).recipe == ()
    assert overhead._without_recipe(SPECS / "cifar_resnet8.toml", tmp_path) == SPECS / "cifar_resnet8.toml"


def test_overhead_takes_the_embedded_model_where_there_are_no_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIELDPACK_DATA", str(tmp_path))
    monkeypatch.setattr(overhead, "WORLD", "a_package_that_is_not_there")
    with pytest.raises(MissingDependencyError, match="needs a model"):
        overhead.study(quick=True, progress=nothing)


@pytest.mark.parametrize("name", coreml_quantisation.NAMES)
def test_every_coreml_method_is_measured_beside_tflite_int8(name: str) -> None:
    case = next(case for case in CASES if case.name == name)
    made = coreml_quantisation.flavours(load_spec(case.spec))
    assert {item.method for item in made} == {
        "float",
        "weight_int8",
        "weight_int4",
        "palette",
        "static_int8",
    }
    rows = {item.name: {"size_bytes": 5, "agreement": 0.9} for item in made}
    rows |= {INT8: {"size_bytes": 4, "agreement": 0.94}, coreml_quantisation.FLOAT16: {"size_bytes": 9}}
    bars = coreml_quantisation._bars(name, rows)  # type: ignore[arg-type]
    assert all(bar.holds for bar in bars)
    rows[coreml_quantisation.W8A8] = {"size_bytes": 10, "agreement": 0.8}
    bars = coreml_quantisation._bars(name, rows)  # type: ignore[arg-type]
    assert not any(bar.holds for bar in bars)
