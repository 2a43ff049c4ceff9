"""What the exporter takes: a bundle of pictures and one of places, and whether the plugin can feed them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fieldpack.bundle.manifest import Border, FlavourEntry, FlavourKind
from fieldpack.bundle.read import Bundle
from fieldpack.contract import Activation, ColorOrder, ImageInput, INaturalist, Input, LocationInput, Output
from fieldpack.errors import ContractError, InputError, UnsupportedError
from fieldpack.exports.inat_vision_camera import facts

APP_FEEDS = (
    "one picture, and of a place sin and cos of longitude and latitude and the elevation "
    "(encodings inaturalist_5 and sin_cos_4)"
)


@dataclass(frozen=True, slots=True)
class SourceModel:
    """One model of a bundle, of which a flavour of each kind is taken.

    Attributes
    ----------
    bundle : Bundle
        The open bundle.
    input : ImageInput or LocationInput
        Its one input.
    output : Output
        Its one output with labels.
    flavours : dict of FlavourKind to FlavourEntry
        The flavour that is taken of each kind.
    """

    bundle: Bundle
    input: ImageInput | LocationInput
    output: Output
    flavours: dict[FlavourKind, FlavourEntry]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels in the order of the scores."""
        return self.bundle.labels(self.output.name)

    @property
    def stem(self) -> str:
        """Name and version, for file names."""
        manifest = self.bundle.manifest
        return f"{manifest.name}_{manifest.version.replace('.', '_')}".replace("-", "_")

    def path(self, kind: FlavourKind) -> Path:
        """The flavour's file."""
        return self.bundle.path(self.flavours[kind].path)

    def borders(self, kind: FlavourKind) -> tuple[Border, Border]:
        """How input and output meet the tensors of a flavour."""
        flavour = self.flavours[kind]
        output = next(border for border in flavour.outputs if border.name == self.output.name)
        return flavour.inputs[0], output


def find_sources(bundles: list[Bundle], chosen: list[str]) -> tuple[SourceModel, SourceModel | None]:
    """The picture bundle and the place bundle among those given, whatever their order.

    Parameters
    ----------
    bundles : list of Bundle
        One or two.
    chosen : list of str
        Names of flavours to take; of each kind the smallest otherwise.

    Raises
    ------
    InputError
        Not one bundle of pictures and at most one of places, or no such flavour.
    UnsupportedError
        A model needs what the plugin does not give it.
    """
    models = [_source(bundle, chosen) for bundle in bundles]
    pictures = [model for model in models if isinstance(model.input, ImageInput)]
    places = [model for model in models if isinstance(model.input, LocationInput)]
    if len(pictures) != 1 or len(places) > 1:
        raise InputError(
            "The plugin takes one model of pictures and one of places",
            came=f"{len(pictures)} of pictures, {len(places)} of places",
            allowed="one bundle of each",
        )
    known = {flavour.name for bundle in bundles for flavour in bundle.manifest.flavours}
    if strange := sorted(set(chosen) - known):
        raise InputError(
            "No bundle has such a flavour", came=", ".join(strange), allowed=", ".join(sorted(known))
        )
    if places:
        _check_labels(pictures[0], places[0])
    return pictures[0], places[0] if places else None


def _source(bundle: Bundle, chosen: list[str]) -> SourceModel:
    contract, name = bundle.manifest.contract, bundle.manifest.name
    labelled = [output for output in contract.outputs if output.labels is not None]
    if len(contract.inputs) != 1:
        names = ", ".join(item.name for item in contract.inputs)
        raise _unfed(f"{name} needs {len(contract.inputs)} inputs", names)
    if len(labelled) != 1:
        raise UnsupportedError(
            f"The plugin reads one output with labels, {name} has {len(labelled)}",
            came=", ".join(output.name for output in labelled) or "none",
            hint="build a bundle whose contract labels the scores alone",
        )
    given = _check_input(contract.inputs[0], name)
    _check_activation(given, labelled[0], name)
    return SourceModel(bundle, given, labelled[0], _flavours(bundle, chosen))


def _unfed(what: str, came: str) -> UnsupportedError:
    return UnsupportedError(
        f"The app cannot feed this model: {what}",
        came=came,
        allowed=APP_FEEDS,
        hint="train it on what the app has; more features would have to be computed inside the graph",
    )


def _check_input(item: Input, name: str) -> ImageInput | LocationInput:
    if isinstance(item, ImageInput):
        if item.color_order is ColorOrder.GRAY:
            raise _unfed(f"{name} takes grey pictures", item.name)
        return item
    if not isinstance(item, LocationInput):
        raise _unfed(f"{name} takes a {item.kind}", item.name)
    if item.encoding.kind not in ("inaturalist_5", "sin_cos_4"):
        raise _unfed(f"{name} encodes places as {item.encoding.kind}", item.name)
    if item.features is not None:
        raise _unfed(f"{name} takes features from a table beside the place", item.name)
    return item


def elevation_factors(item: LocationInput) -> tuple[float, float]:
    """What elevations above and below the sea must be multiplied with; (1, 1) where the app has it right."""
    if not isinstance(item.encoding, INaturalist):
        return 1.0, 1.0
    return facts.HIGHEST_M / item.encoding.highest_m, facts.LOWEST_M / item.encoding.lowest_m


def _check_activation(item: ImageInput | LocationInput, output: Output, name: str) -> None:
    """Pictures end in a softmax, places in a sigmoid; logits get theirs in the graph."""
    independent = output.sensitivity is not None
    wanted = Activation.SOFTMAX if isinstance(item, ImageInput) else Activation.SIGMOID
    if output.activation is wanted:
        return
    if output.activation is not Activation.LOGITS or independent is (wanted is Activation.SOFTMAX):
        logits = "logits of independent labels" if independent else "logits of a softmax"
        kind = logits if output.activation is Activation.LOGITS else output.activation.value
        raise UnsupportedError(
            f"The plugin needs a {wanted.value} here",
            came=f"{name} gives {kind}",
            allowed=f"{wanted.value}, or its logits, which get it inside the graph",
            hint="scores of a picture must sum to 1, those of a place be independent",
        )


def _flavours(bundle: Bundle, chosen: list[str]) -> dict[FlavourKind, FlavourEntry]:
    found: dict[FlavourKind, FlavourEntry] = {}
    for kind in FlavourKind:
        fitting = [flavour for flavour in bundle.manifest.flavours if flavour.kind is kind]
        named = [flavour for flavour in fitting if flavour.name in chosen]
        if not fitting:
            raise InputError(
                f"{bundle.manifest.name} has no {kind.value} flavour, and both platforms need theirs",
                came=", ".join(flavour.name for flavour in bundle.manifest.flavours),
                hint=f'add a flavour with kind = "{kind.value}" to pack.toml and build again',
            )
        found[kind] = min(named or fitting, key=lambda flavour: flavour.installed_bytes)
    return found


def _check_labels(picture: SourceModel, place: SourceModel) -> None:
    if picture.labels == place.labels:
        return
    differ = [
        k for k, pair in enumerate(zip(picture.labels, place.labels, strict=False)) if pair[0] != pair[1]
    ]
    first = f"; first at {differ[0]}" if differ else ""
    raise ContractError(
        "Both models must score the same labels in the same order: the plugin multiplies by position",
        came=f"{len(picture.labels)} and {len(place.labels)} labels{first}",
        allowed="the same labels",
        hint="build both from one taxonomy",
    )
