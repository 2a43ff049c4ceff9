"""``pack.toml``: the checked-in statement of what is packed, how, and under which budget.

:func:`load_spec` reads the file, fills ``${NAME}`` from the environment or from the
file's own ``[variables]``, makes every path absolute and validates every field.
"""

from __future__ import annotations

import os
import re
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fieldpack.budget import Budget, with_place
from fieldpack.contract import Contract, LocationInput
from fieldpack.errors import SpecError
from fieldpack.model import Strict, validated
from fieldpack.passes import AnyPass, QuantisationAware, calibrates, teaching_of, trains, with_teacher
from fieldpack.recipe import Method, Mixed, Ranges, Rule, TfliteRanges, Trained
from fieldpack.search.settings import Search

SPEC_SCHEMA = 1
SLUG = r"^[a-z0-9][a-z0-9._-]{0,62}$"
VERSION = r"^[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}$"
"""MAJOR.MINOR.PATCH in digits of ASCII, few enough to be compared as numbers."""


class Pack(Strict):
    """Name and origin of the result."""

    name: str = Field(pattern=SLUG, description="lower-case name of the bundle", examples=["meadow-12"])
    version: str | None = Field(
        default=None,
        pattern=VERSION,
        description="MAJOR.MINOR.PATCH; left out, it is derived from `build --baseline`, else 1.0.0",
        examples=["1.0.0"],
    )
    description: str = Field(min_length=1, description="one sentence", examples=["Twelve meadow classes."])
    license: str = Field(min_length=1, description="SPDX identifier of the weights", examples=["Apache-2.0"])
    author: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="who made the model, as model files and the card name them",
        examples=["The meadow team"],
    )
    seed: int = Field(ge=0, description="seed of everything that samples", examples=[0])


class SourceKind(StrEnum):
    """What the server team hands over."""

    KERAS = "keras"
    KERAS_LEGACY = "keras_legacy"
    SAVED_MODEL = "saved_model"
    TORCH = "torch"
    TORCH_EXPORT = "torch_export"
    ONNX = "onnx"
    TFLITE = "tflite"

    @property
    def is_torch(self) -> bool:
        """Whether it becomes a PyTorch module."""
        return self in (SourceKind.TORCH, SourceKind.TORCH_EXPORT, SourceKind.ONNX)


class Source(Strict):
    """The source model."""

    kind: SourceKind = Field(description="how the file is opened", examples=["keras"])
    path: str = Field(description="model file or folder, relative to this file", examples=["model.keras"])
    custom_objects: dict[str, str] = Field(
        default_factory=dict,
        description="import path of each layer class that is not in the file",
        examples=[{"MelMixer": "my_layers:MelMixer"}],
    )
    python_path: tuple[str, ...] = Field(
        default=(), description="folders searched for custom_objects and factory", examples=[["."]]
    )
    factory: str | None = Field(
        default=None,
        description="module:callable that builds the torch module",
        examples=["networks:resnet20"],
    )
    factory_arguments: dict[str, Any] = Field(
        default_factory=dict, description="keyword arguments of the factory", examples=[{"num_classes": 10}]
    )
    strip_prefix: str | None = Field(
        default=None, description="prefix taken off each key of the state dict", examples=["module."]
    )
    constants: dict[str, Any] = Field(
        default_factory=dict,
        description="inputs of an ONNX model that are held at a value and left out of the contract",
        examples=[{"sr": 16000}],
    )

    @model_validator(mode="after")
    def _factory_where_needed(self) -> Source:
        if self.kind is SourceKind.TORCH and self.factory is None:
            raise ValueError('a torch source needs its factory; example: factory = "my_networks:resnet20"')
        if self.kind is not SourceKind.TORCH and (self.factory or self.strip_prefix):
            raise ValueError('factory and strip_prefix belong to kind = "torch"')
        if self.kind is not SourceKind.ONNX and self.constants:
            raise ValueError('constants belongs to kind = "onnx"')
        return self


class TableData(Strict):
    """Files listed in a CSV manifest."""

    kind: Literal["table"]
    manifest: str = Field(description="CSV file with a header", examples=["data/manifest.csv"])
    folder: str = Field(description="folder that the file column is relative to", examples=["data"])
    file_column: str = Field(description="column with the file name", examples=["path"])
    label_column: str | None = Field(default=None, description="column with the label", examples=["class"])
    label_map: str | None = Field(
        default=None,
        description="CSV with columns label,output (data label -> model label); others are left out",
        examples=["labels_map.csv"],
    )
    where: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="column -> accepted values", examples=[{"split": ["test"]}]
    )
    slices: tuple[str, ...] = Field(default=(), description="columns reported as slices", examples=[["site"]])
    group_column: str | None = Field(
        default=None,
        description="column whose equal values mark files that are not independent, such as photos of one "
        "observation; every interval then counts groups. An empty cell is a group of its own",
        examples=["observation_id"],
    )
    limit: int | None = Field(
        default=None, ge=1, description="seeded sample of so many files", examples=[200]
    )


class FolderData(Strict):
    """Every picture or sound of a folder, unlabelled, in name order."""

    kind: Literal["folder"]
    folder: str = Field(description="folder, searched with its sub-folders", examples=["samples"])
    pattern: str = Field(description="file name pattern", examples=["*.jpg"])
    limit: int | None = Field(
        default=None, ge=1, description="seeded sample of so many files", examples=[200]
    )


class ProviderData(Strict):
    """Samples made by a function ``provider(split, count)`` that yields (id, array, label, slices).

    In place of a label, a mapping of true values by quantity belongs to outputs with an estimate; bools, one
    a label, say which of them are present.
    """

    kind: Literal["provider"]
    provider: str = Field(description="module:function", examples=["my_data:dataset"])
    split: str = Field(description="handed to the function", examples=["test"])
    count: int = Field(ge=1, description="handed to the function", examples=[200])
    group_column: str | None = Field(
        default=None,
        description="name among the slices whose equal values mark examples that are not independent",
        examples=["site"],
    )


class ArrayData(Strict):
    """Arrays ready to be fed, one ``.npy`` an input [N, ...], and labels [N] as integers."""

    kind: Literal["arrays"]
    inputs: dict[str, str] = Field(description="input name -> .npy file", examples=[{"vector": "x.npy"}])
    labels: str | None = Field(default=None, description=".npy file of label indices", examples=["y.npy"])
    targets: dict[str, str] = Field(
        default_factory=dict,
        description="quantity -> .npy file of true values [N] or [N, rows, columns]; NaN where not known",
        examples=[{"canopy_height": "height.npy"}],
    )
    presence: str | None = Field(
        default=None,
        description=".npy file of bool or 0 and 1 [N, labels]: which labels are present",
        examples=["presence.npy"],
    )
    groups: str | None = Field(
        default=None,
        description=".npy file of group numbers [N]; rows of one group are not independent",
        examples=["site.npy"],
    )


class PlaceData(Strict):
    """Places listed in a CSV table, and which labels are present at each."""

    kind: Literal["places"]
    table: str = Field(description="CSV file with a header, one place a row", examples=["grid.csv"])
    latitude_column: str = Field(description="degrees, WGS 84", examples=["lat"])
    longitude_column: str = Field(description="degrees, WGS 84", examples=["lon"])
    elevation_column: str | None = Field(default=None, description="metres", examples=["elevation_m"])
    week_column: str | None = Field(default=None, description="1..48", examples=["week"])
    label_column: str | None = Field(
        default=None, description="column with the one label seen there", examples=["species"]
    )
    presence: str | None = Field(
        default=None,
        description=".npy file of bool or 0 and 1 [rows, labels], in the order of the labels",
        examples=["presence.npy"],
    )
    where: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="column -> accepted values", examples=[{"split": ["test"]}]
    )
    slices: tuple[str, ...] = Field(
        default=(), description="columns reported as slices", examples=[["continent"]]
    )
    group_column: str | None = Field(
        default=None,
        description="column whose equal values mark places that are not independent, such as blocks",
        examples=["block"],
    )
    limit: int | None = Field(
        default=None, ge=1, description="seeded sample of so many places", examples=[5000]
    )

    @model_validator(mode="after")
    def _one_kind_of_truth(self) -> PlaceData:
        if self.label_column is not None and self.presence is not None:
            raise ValueError("label_column and presence say the same; give one of them")
        return self


class ScenePair(Strict):
    """A scene, and what is true there."""

    scene: str = Field(description="raster that fits the contract's input", examples=["zurich.tif"])
    truth: str | None = Field(
        default=None,
        description="raster of one band: the same coordinates, pixels as large as those of the model's "
        "answer, both grids in line. No data means that the truth is not known",
        examples=["zurich_height.tif"],
    )


class SceneData(Strict):
    """Scenes, cut into tiles as ``fieldpack predict`` cuts them.

    Each pixel of the truth counts once, in the tile that decides it in a map. Where maps give no answer, the
    truth does not count; tiles without any are left out.
    """

    kind: Literal["scenes"]
    scenes: tuple[ScenePair, ...] = Field(
        min_length=1, description="in order", examples=[[{"scene": "zurich.tif", "truth": "height.tif"}]]
    )
    quantity: str | None = Field(
        default=None,
        description="what the truth is of; each scene has a truth then",
        examples=["canopy_height"],
    )
    block: int = Field(
        ge=1,
        description="side of a block, pixels of the scene. Tiles whose middles lie in one block are not "
        "independent: every interval counts blocks, and folds are made of whole ones",
        examples=[512],
    )
    folds: int = Field(
        default=1, ge=1, description="parts into which the blocks are drawn by pack.seed", examples=[5]
    )
    take: tuple[int, ...] = Field(
        default=(0,), min_length=1, description="which of these parts, from 0", examples=[[1, 2]]
    )
    limit: int | None = Field(
        default=None, ge=1, description="seeded sample of so many tiles", examples=[200]
    )

    @model_validator(mode="after")
    def _fits(self) -> SceneData:
        if any((pair.truth is None) != (self.quantity is None) for pair in self.scenes):
            raise ValueError("quantity is stated, and every scene has its truth; or neither")
        if not all(0 <= part < self.folds for part in self.take) or len(set(self.take)) < len(self.take):
            raise ValueError(f"take names parts of 0 to {self.folds - 1}, each once")
        return self


DataSource = Annotated[
    TableData | FolderData | ProviderData | ArrayData | PlaceData | SceneData, Field(discriminator="kind")
]


class Data(Strict):
    """Where calibration, evaluation and golden examples come from."""

    evaluation: DataSource = Field(description="examples that parity and accuracy are measured on")
    calibration: DataSource | None = Field(
        default=None, description="examples that activation ranges come from; needed by static_int8"
    )
    training: DataSource | None = Field(
        default=None, description="labelled examples that the passes of the recipe train on"
    )
    confirm: DataSource | None = Field(
        default=None, description="examples on which the winner of a search is judged, once and alone"
    )
    background: DataSource | None = Field(
        default=None,
        description="examples without anything that the model knows, such as silence and empty scenes",
    )
    golden: int = Field(
        ge=1, le=64, description="number of golden vectors, taken from evaluation", examples=[8]
    )


class Precision(StrEnum):
    """Number format of a flavour's weights and arithmetic."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"


class TfliteFlavour(Strict):
    """One ``.tflite`` file."""

    kind: Literal["tflite"]
    name: str = Field(pattern=SLUG, description="name of the flavour", examples=["tflite-int8"])
    method: Method = Field(description="what is done to the whole graph", examples=["static_int8"])
    rules: tuple[Rule, ...] = Field(default=(), description="exceptions, in order; a later rule wins")
    ranges: TfliteRanges | None = Field(
        default=None, description="activation ranges of static_int8", examples=[{"kind": "min_max"}]
    )
    bias_correction: bool = Field(
        default=False, description="static_int8 takes the mean shift of each channel back in the biases"
    )
    mixed: Mixed | None = Field(
        default=None, description="rules found by sensitivity, before those stated here"
    )
    io: Literal["float32", "int8"] = Field(description="number format at the border", examples=["float32"])
    fold_scaling: bool = Field(description="the graph takes pixels 0..255", examples=[True])
    labels_in_file: bool = Field(
        default=True,
        description="the file holds its labels and their thresholds too, as MediaPipe reads them; false "
        "keeps it smaller",
    )

    @model_validator(mode="after")
    def _complete(self) -> TfliteFlavour:
        if self.method.calibrates != (self.ranges is not None):
            raise ValueError(
                'ranges goes with static_int8 and only there; example: ranges = { kind = "min_max" }'
            )
        methods = [rule.method for rule in self.recipe] + list(self.mixed.methods if self.mixed else ())
        if Method.PALETTE in methods:
            raise ValueError("palette is a Core ML method; for TFLite take weight_int8 or weight_int4")
        if self.io == "int8" and self.method is not Method.STATIC_INT8:
            raise ValueError('io = "int8" needs method = "static_int8"')
        return self

    @property
    def recipe(self) -> tuple[Rule, ...]:
        """The whole recipe: the method on all layers, then the exceptions."""
        return (Rule(method=self.method, layers=".*"), *self.rules)


COREML_METHOD_IOS = {"float": 15, "weight_int8": 16, "weight_int4": 18, "palette": 16, "static_int8": 17}
"""First iOS version that runs each method of a Core ML flavour."""


class CoremlFlavour(Strict):
    """One ``.mlpackage`` folder (ML Program)."""

    kind: Literal["coreml"]
    name: str = Field(pattern=SLUG, description="name of the flavour", examples=["coreml-fp16"])
    precision: Precision = Field(description="arithmetic and stored floats", examples=["float16"])
    method: Literal["float", "weight_int8", "weight_int4", "palette", "static_int8"] = Field(
        description="float; 8-bit weights, a scale a channel; 4-bit weights, a scale a block or channel; "
        "weights as indices into a palette; or 8-bit weights and activations",
        examples=["weight_int8"],
    )
    minimum_ios: Literal["15", "16", "17", "18"] = Field(description="deployment target", examples=["16"])
    fold_scaling: bool = Field(description="the graph takes pixels 0..255", examples=[True])
    float32_layers: str | None = Field(
        default=None,
        description="regular expression of layers kept in float32: the whole type, or in the name",
        examples=["sin|cos"],
    )
    weight_layers: str | None = Field(
        default=None,
        min_length=1,
        description="regular expression, searched in names of operators and weights, of what is stored in "
        "fewer bits; all where left out",
        examples=["head"],
    )
    block_size: int | None = Field(
        default=None,
        ge=2,
        description="weights that share a scale of weight_int4; a whole channel where left out",
        examples=[32],
    )
    palette_bits: Literal[1, 2, 3, 4, 6, 8] | None = Field(
        default=None, description="bits of an index into the palette", examples=[6]
    )
    group_size: int | None = Field(
        default=None, ge=1, description="channels that share a palette; all where left out", examples=[16]
    )
    ranges: Ranges | None = Field(
        default=None, description="activation ranges of static_int8", examples=[{"kind": "min_max"}]
    )
    labels_in_file: bool = Field(
        default=True,
        description="the file holds its labels too; false keeps it smaller",
    )

    @model_validator(mode="after")
    def _settings_go_with_the_method(self) -> CoremlFlavour:
        for setting, method, needed, example in (
            ("block_size", "weight_int4", False, "32"),
            ("palette_bits", "palette", True, "6"),
            ("group_size", "palette", False, "16"),
            ("ranges", "static_int8", True, '{ kind = "mse" }'),
        ):
            given = getattr(self, setting) is not None
            if given != (self.method == method) and (given or needed):
                raise ValueError(
                    f"{setting} goes with {method} and only there; example: {setting} = {example}"
                )
        if self.weight_layers and not self.main_method.weights_only:
            raise ValueError("weight_layers goes with weight_int8, weight_int4 or palette, and only there")
        if self.float32_layers and self.precision is not Precision.FLOAT16:
            raise ValueError('float32_layers goes with precision = "float16"; here all layers are float32')
        needs = 18 if self.group_size else COREML_METHOD_IOS[self.method]
        if int(self.minimum_ios) < needs:
            raise ValueError(f'this method runs from iOS {needs} on; write minimum_ios = "{needs}"')
        if self.method == "static_int8" and self.precision is not Precision.FLOAT16:
            raise ValueError('static_int8 scales are half floats; write precision = "float16"')
        return self

    @property
    def main_method(self) -> Method:
        """What is done to the whole graph."""
        return Method(self.precision.value if self.method == "float" else self.method)

    @property
    def recipe(self) -> tuple[Rule, ...]:
        """The recipe as rules, for the manifest."""
        rules = [Rule(method=self.main_method, layers=".*")]
        if self.weight_layers:
            rules = [Rule(method=Method(self.precision.value), layers=".*")]
            rules.append(Rule(method=self.main_method, layers=self.weight_layers))
        if self.float32_layers:
            rules.append(Rule(method=Method.FLOAT32, layers=self.float32_layers))
        return tuple(rules)


FlavourSpec = Annotated[TfliteFlavour | CoremlFlavour, Field(discriminator="kind")]


class Spec(Strict):
    """A whole ``pack.toml``."""

    schema_version: int = Field(
        alias="schema", description="version of this file's schema", examples=[SPEC_SCHEMA]
    )
    variables: dict[str, str] = Field(
        default_factory=dict,
        description="values of ${NAME}; the environment wins",
        examples=[{"DATA": "../data"}],
    )
    pack: Pack = Field(description="name and origin of the result")
    source: Source = Field(description="the source model")
    contract: Contract = Field(description="what goes in and what comes out")
    data: Data = Field(description="calibration, evaluation and golden examples")
    recipe: tuple[AnyPass, ...] = Field(
        default=(), description="passes that compress the source model, in order, before flavours are made"
    )
    flavours: tuple[FlavourSpec, ...] = Field(min_length=1, description="one table a flavour")
    budget: Budget = Field(description="limits that the bundle must keep")
    search: Search | None = Field(default=None, description="how the smallest flavour is looked for")

    @model_validator(mode="after")
    def _consistent(self) -> Spec:
        if self.schema_version != SPEC_SCHEMA:
            raise ValueError(
                f"schema {self.schema_version} is not known; this version reads schema {SPEC_SCHEMA}"
            )
        names = [flavour.name for flavour in self.flavours]
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise ValueError(f"flavour names must be unique; used twice: {', '.join(double)}")
        needs = [f for f in self.flavours if _calibrates(f)]
        if needs and self.data.calibration is None:
            what = "static_int8" if needs[0].recipe[0].method.calibrates else "mixed"
            raise ValueError(f"flavour {needs[0].name} is {what} and needs [data.calibration]")
        self._recipe_has_its_data()
        coarse = [f.name for f in self.flavours if isinstance(f, TfliteFlavour) and f.io == "int8"]
        if coarse and self.contract.quantities:
            raise ValueError(
                f'the estimates of flavour {coarse[0]} stay in floats; write io = "float32", since 8 bits '
                "would make their steps coarser than the error"
            )
        if self.search is not None and self.search.flavour not in names:
            raise ValueError(f"the search varies {self.search.flavour}, which is no flavour of this spec")
        return self

    def _recipe_has_its_data(self) -> None:
        refitted = [output.name for output in self.contract.outputs if output.refit is not None]
        if refitted and self.data.calibration is None:
            raise ValueError(f"the thresholds of {refitted[0]} are refitted and need [data.calibration]")
        if self.recipe and self.source.kind in (SourceKind.SAVED_MODEL, SourceKind.TFLITE):
            raise ValueError(f"a recipe needs a Keras, PyTorch or ONNX source, not {self.source.kind.value}")
        for step in self.recipe:
            if trains(step) and self.data.training is None:
                raise ValueError(f"{step.method} trains and needs [data.training]")
            if calibrates(step) and self.data.calibration is None:
                raise ValueError(f"{step.method} needs [data.calibration]")
        wants = [f.name for f in self.flavours if isinstance(getattr(f, "ranges", None), Trained)]
        if wants and not any(isinstance(step, QuantisationAware) for step in self.recipe):
            raise ValueError(
                f"the trained ranges of flavour {wants[0]} need quantisation_aware in the recipe"
            )


def _calibrates(flavour: TfliteFlavour | CoremlFlavour) -> bool:
    mixed = isinstance(flavour, TfliteFlavour) and flavour.mixed is not None
    return mixed or flavour.recipe[0].method.calibrates


def load_spec(path: Path) -> Spec:
    """Read and validate a ``pack.toml``.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Spec
        All paths inside are absolute.

    Raises
    ------
    SpecError
        The file is missing, is not TOML, or a field is missing, unknown or wrong; or the budget names a
        flavour that is not there.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SpecError("the spec does not exist", came=path, hint="give the path of a pack.toml") from error
    except IsADirectoryError as error:
        raise SpecError("the spec is a folder", came=path, hint="give the path of a pack.toml") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SpecError(f"{path} is not TOML: {error}") from error
    filled = _fill(values, _variables(values), path)
    spec = _absolute(validated(Spec, filled, str(path), SpecError), path.resolve().parent)
    names = [flavour.name for flavour in spec.flavours]
    spec.budget.check_flavours(names)
    spec.budget.check_followers(names)
    return spec


_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def _variables(values: dict[str, Any]) -> dict[str, str]:
    own = values.get("variables")
    names = {key: str(value) for key, value in own.items()} if isinstance(own, dict) else {}
    return {key: os.environ.get(key, value) for key, value in names.items()}


def _fill(value: Any, variables: dict[str, str], path: Path) -> Any:
    if isinstance(value, dict):
        return {key: _fill(item, variables, path) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, variables, path) for item in value]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _variable(match.group(1), variables, path), value)
    return value


def _variable(name: str, variables: dict[str, str], path: Path) -> str:
    if name in variables:
        return variables[name]
    if name in os.environ:
        return os.environ[name]
    raise SpecError(
        f"{path} uses ${{{name}}}, which has no value",
        allowed="an environment variable, or a line in [variables]",
        hint=f"export {name}=FOLDER",
    )


def _absolute(spec: Spec, base: Path) -> Spec:
    """The spec with every path made absolute against the folder of its file."""

    def place(text: str) -> str:
        return str(Path(os.path.normpath(base / Path(text).expanduser())))

    source = spec.source.model_copy(
        update={
            "path": place(spec.source.path),
            "python_path": tuple(place(item) for item in spec.source.python_path),
        }
    )
    outputs = tuple(
        output.model_copy(
            update={
                name: place(getattr(output, name))
                for name in ("labels", "taxonomy", "thresholds")
                if getattr(output, name)
            }
        )
        for output in spec.contract.outputs
    )
    data = spec.data.model_copy(
        update={
            name: _absolute_data(part, place)
            for name in ("evaluation", "calibration", "training", "confirm", "background")
            if (part := getattr(spec.data, name)) is not None
        }
    )
    inputs = tuple(
        item.with_tables(lambda name, file: place(file)) if isinstance(item, LocationInput) else item
        for item in spec.contract.inputs
    )
    contract = spec.contract.model_copy(update={"inputs": inputs, "outputs": outputs})
    recipe = tuple(
        with_teacher(step, place(teaching.teacher))
        if (teaching := teaching_of(step)) is not None and teaching.teacher != "source"
        else step
        for step in spec.recipe
    )
    update: dict[str, Any] = {"source": source, "contract": contract, "data": data, "recipe": recipe}
    if spec.search is not None:
        update["search"] = spec.search.placed(place)
    return spec.model_copy(update={**update, "budget": with_place(spec.budget, base)})


def _absolute_data(part: Any, place: Any) -> Any:
    update: dict[str, Any] = {}
    for field in ("manifest", "folder", "label_map", "labels", "groups", "table", "presence"):
        if getattr(part, field, None) is not None:
            update[field] = place(getattr(part, field))
    if isinstance(part, ArrayData):
        for field in ("inputs", "targets"):
            update[field] = {name: place(item) for name, item in getattr(part, field).items()}
    if isinstance(part, SceneData):
        update["scenes"] = tuple(
            ScenePair(scene=place(pair.scene), truth=None if pair.truth is None else place(pair.truth))
            for pair in part.scenes
        )
    return part.model_copy(update=update)
