"""The manifest: everything a bundle says about itself, as one typed document.

``FORMAT.md`` beside this file is normative; the classes here are its executable form
and the JSON Schema that ``fieldpack schema manifest`` prints comes from them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fieldpack.budget import Budget
from fieldpack.contract import Contract, LocationInput
from fieldpack.estimates.fit import IntervalFit
from fieldpack.model import Strict
from fieldpack.recipe import Rule
from fieldpack.spec import SLUG, VERSION

MANIFEST_SCHEMA = 1
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
SoftwareVersion = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9}){0,3}$")]
"""Of other people's software, by numbers alone, so that two can be compared."""


class FlavourKind(StrEnum):
    """Executable forms; a list that grows."""

    TFLITE = "tflite"
    COREML = "coreml"


class FileEntry(Strict):
    """One file of the bundle."""

    size_bytes: int = Field(ge=0)
    sha256: Sha256


class Quantization(Strict):
    """``real = (integer - zero_point) * scale`` of a border tensor."""

    scale: float = Field(gt=0)
    zero_point: int


class Border(Strict):
    """How one input or output of the contract meets a tensor of a flavour.

    A picture arrives as pixels 0..255 [N, H, W, C] in the contract's colour order;
    ``x = pixel * scale + offset`` is applied outside the graph unless `scale` is None
    (the graph does it, or the input is no picture); then `layout`; then `quantization`. A raster
    arrives scaled [N, H, W, C]. The `layout` of an output says which axis of length 1 is the channel
    of an estimate; answers come without it.
    """

    name: str
    tensor: str
    shape: tuple[int, ...] = Field(description="of the file's tensor, with the batch axis if it has one")
    dtype: Literal["float32", "float16", "int8", "uint8", "int32"]
    layout: Literal["NHWC", "NCHW"] | None = None
    scale: tuple[float, ...] | None = None
    offset: tuple[float, ...] | None = None
    quantization: Quantization | None = None
    batched: bool = Field(default=True, description="whether the tensor's first axis counts examples")

    @property
    def item_shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.shape[1:] if self.batched else self.shape


class Requires(Strict):
    """Oldest software that can run a flavour; read from the file, never typed."""

    tflite_runtime: SoftwareVersion | None = Field(
        default=None, description="oldest TFLite runtime, e.g. 2.11.0"
    )
    ios: SoftwareVersion | None = Field(default=None, description="oldest iOS, e.g. 16")
    android: SoftwareVersion | None = Field(
        default=None, description="oldest API level of Android, e.g. 21; or absent"
    )
    plugins: dict[str, SoftwareVersion] = Field(
        default_factory=dict, description="npm package -> first known version that runs it; or absent"
    )
    operators: dict[str, int] = Field(
        description="operator -> highest version used (TFLite) or count (Core ML)"
    )
    unknown_operators: tuple[str, ...] = Field(
        default=(), description="operator versions newer than the table of runtimes"
    )


class Compression(Strict):
    """Proof of what a recipe did."""

    recipe: tuple[Rule, ...]
    matched: tuple[int, ...] = Field(description="operators each rule matched; quantised Core ML: tensors")
    changed: int = Field(description="operators in another number format; quantised Core ML: tensors")
    unchanged: int = Field(description="operators that stayed float32")
    without_weights: int = Field(
        default=0,
        ge=0,
        description="of those, products of two activations: a method about weights has none to store",
    )


class GoldenOutput(Strict):
    """What a flavour gave on the golden inputs when it was built."""

    files: dict[str, str] = Field(description="output name -> .npy file")
    tolerance: dict[str, float] = Field(description="output name -> largest absolute difference admitted")


class FlavourEntry(Strict):
    """One flavour."""

    name: str = Field(pattern=SLUG)
    kind: FlavourKind
    path: str = Field(description="file or folder, relative to the bundle")
    digest: Sha256 = Field(description="of the file, or of the folder's file table")
    installed_bytes: int = Field(ge=1)
    download_bytes: int = Field(ge=1, description="after deflate level 6; estimated")
    inputs: tuple[Border, ...]
    outputs: tuple[Border, ...]
    requires: Requires
    compression: Compression
    golden: GoldenOutput
    intervals: tuple[IntervalFit, ...] = Field(
        default=(), description="the flavour's own numbers of each of the contract's intervals, in order"
    )
    thresholds: dict[str, str] = Field(
        default_factory=dict, description="output -> CSV of thresholds refitted on this flavour; or absent"
    )


class Golden(Strict):
    """Real inputs with the source model's outputs."""

    ids: tuple[str, ...]
    inputs: dict[str, str] = Field(description="input name -> .npy, pixels for pictures")
    outputs: dict[str, str] = Field(description="output name -> .npy, of the source model")


class ResamplingTable(Strict):
    """The coefficients that take a sound from one rate to the rate of an input."""

    input: str = Field(description="name of the input")
    from_hz: int = Field(ge=1, description="rate of the sound")
    up: int = Field(ge=1, description="samples that come out ...")
    down: int = Field(ge=1, description="... for so many that go in")
    path: str = Field(description=".npy, float32 [n], right half of the filter from its centre outwards")


class FrontEndWeights(StrEnum):
    """How a front-end stores its matrices; it computes in float32 always."""

    FLOAT32 = "float32"
    FILTERS_FLOAT16 = "filters_float16"
    FLOAT16 = "float16"


class FrontEndEntry(Strict):
    """A graph that makes one input from a window of sound, in float32."""

    input: str = Field(description="name of the input, and of the output's border")
    kind: FlavourKind
    path: str = Field(description="file or folder, relative to the bundle")
    digest: Sha256 = Field(description="of the file, or of the folder's file table")
    installed_bytes: int = Field(ge=1)
    inputs: tuple[Border, ...] = Field(
        min_length=1, max_length=1, description="samples in -1..1 at the input's rate"
    )
    outputs: tuple[Border, ...] = Field(min_length=1, max_length=1)
    requires: Requires
    transforms: tuple[str, ...] = Field(description="way to the Fourier transform, of each channel")
    milliseconds: dict[str, float] = Field(
        description="choice -> median of one window on the machine that built, evidence host"
    )
    max_db: float = Field(ge=0, description="largest gap to the numpy reference, dB")
    rms_db: float = Field(ge=0, description="root of the mean square of the gaps, dB")
    weights: FrontEndWeights = Field(
        default=FrontEndWeights.FLOAT32,
        description="how matrices are stored: float32, those without a negative weight as float16, or all; "
        "absent when float32",
    )


class HeardTolerance(Strict):
    """``abs(value - patch) <= absolute + relative * abs(patch)``, where a patch is compared."""

    absolute: float = Field(ge=0)
    relative: float = Field(ge=0)


class GoldenSounds(Strict):
    """Sounds with what the reference front-end makes of them, for one that a phone has of its own."""

    input: str = Field(description="name of the input")
    sounds: tuple[str, ...] = Field(
        min_length=1, description="WAV files of one window each: mono, 16 bit, at the rate of the input"
    )
    patches: str = Field(description=".npy, float32 [N, *shape of the input], one for each sound")
    heard: str = Field(description=".npy, uint8 [N, *shape of the input]: 1 where a value is compared")
    tolerances: tuple[HeardTolerance, ...] = Field(description="one for each channel")


class EncoderEntry(Strict):
    """A graph that makes the vector of a location input from a place, in float32."""

    input: str = Field(description="name of the input, and of the output's border")
    kind: FlavourKind
    path: str = Field(description="file or folder, relative to the bundle")
    digest: Sha256 = Field(description="of the file, or of the folder's file table")
    installed_bytes: int = Field(ge=1)
    fields: tuple[str, ...] = Field(min_length=2, description="numbers of the place, in order")
    inputs: tuple[Border, ...] = Field(min_length=1, max_length=1)
    outputs: tuple[Border, ...] = Field(min_length=1, max_length=1)
    requires: Requires
    max_abs: float = Field(ge=0, description="largest gap to the float64 formula on the places tried")
    places: int = Field(ge=1, description="how many places were tried")


class DataLineage(Strict):
    """One data set that the build used."""

    description: str
    count: int = Field(ge=0)
    digest: Sha256 = Field(description="over ids, labels and prepared arrays")


class Predecessor(Strict):
    """The bundle that a version was counted from."""

    name: str
    version: str = Field(pattern=VERSION)
    digest: Sha256


class Lineage(Strict):
    """Where the bundle comes from."""

    source_kind: str
    source_digest: Sha256
    source_parameters: int = Field(ge=0)
    spec_digest: Sha256
    seed: int
    tools: dict[str, str] = Field(description="package -> version")
    data: dict[str, DataLineage]
    baseline: Predecessor | None = Field(
        default=None, description="bundle that the version was derived from; or absent"
    )


class Manifest(Strict):
    """``manifest.json``."""

    schema_version: int
    name: str = Field(pattern=SLUG)
    version: str = Field(pattern=VERSION)
    description: str
    license: str
    author: str = Field(default="", max_length=200, description="who made the model; absent when empty")
    contract: Contract
    flavours: tuple[FlavourEntry, ...] = Field(min_length=1)
    golden: Golden
    lineage: Lineage
    budget: Budget
    verdicts: tuple[dict[str, Any], ...] = Field(description="each as fieldpack.verdict.Verdict.as_dict")
    evidence: str = Field(description="file with the parity figures, evidence/parity.json")
    front_ends: tuple[FrontEndEntry, ...] = Field(
        default=(), description="graphs from sound to inputs; absent when empty"
    )
    encoders: tuple[EncoderEntry, ...] = Field(
        default=(), description="graphs from places to inputs; absent when empty"
    )
    resampling: tuple[ResamplingTable, ...] = Field(
        default=(), description="coefficients of inputs whose resampler is polyphase; absent when empty"
    )
    golden_sounds: tuple[GoldenSounds, ...] = Field(
        default=(), description="sounds and patches of spectrogram inputs; absent when empty"
    )
    files: dict[str, FileEntry] = Field(description="every file but manifest.json and DIGEST")

    @model_validator(mode="after")
    def _consistent(self) -> Manifest:
        listed = [path for output in self.contract.outputs for path in (output.labels, output.taxonomy)]
        inside = [path for path in listed if path]
        inside += [*self.golden.inputs.values(), *self.golden.outputs.values(), self.evidence]
        inside += [table.path for table in self.resampling]
        for given in self.golden_sounds:
            inside += [*given.sounds, given.patches, given.heard]
        places = [item for item in self.contract.inputs if isinstance(item, LocationInput)]
        inside += [table.file for item in places for table in item.tables.values()]
        inside += [output.thresholds for output in self.contract.outputs if output.thresholds]
        for flavour in self.flavours:
            inside += [*flavour.golden.files.values(), *flavour.thresholds.values()]
        for path in inside:
            if path not in self.files:
                raise ValueError(f"{path} is named but is not in files")
        return self

    def flavour(self, name: str) -> FlavourEntry | None:
        """The flavour of that name, or None."""
        return next((flavour for flavour in self.flavours if flavour.name == name), None)
