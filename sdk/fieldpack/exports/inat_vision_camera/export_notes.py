"""What people must know of an export: what was done to the models, and what the apps do otherwise."""

from __future__ import annotations

import numpy as np

from fieldpack.bundle.manifest import FlavourKind
from fieldpack.contract import ImageInput, INaturalist, LocationInput
from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.rule import listed
from fieldpack.exports.inat_vision_camera.source_models import SourceModel, elevation_factors
from fieldpack.exports.inat_vision_camera.taxonomy_pair import below_floor, flavour_thresholds
from fieldpack.exports.inat_vision_camera.tflite_surgery import has_integer_softmax
from fieldpack.taxonomy import Taxonomy

LARGER = 1.25
"""A neural network that is so many times its flavour is worth a note."""


def export_notes(picture: SourceModel, place: SourceModel, taxonomy: Taxonomy, geo_floor: float) -> list[str]:
    """What was done to the models, and what the app does otherwise than the contract says."""
    notes = [*_picture_notes(picture), *_place_notes(place)]
    without = [taxon.id for taxon in taxonomy.leaves if taxon.threshold is None]
    if without:
        taxa = "no leaf" if len(without) == len(taxonomy.leaves) else f"not for {listed(without)}"
        notes.append(f"Thresholds: {taxa}; a missing one means expected nearby everywhere.")
    fitted = flavour_thresholds(place)
    if len(fitted) > 1 and (apart := float(np.nanmax(np.abs(fitted[0] - fitted[1]), initial=0.0))) > 0:
        notes.append(
            f"Thresholds: the lower of both flavours' refitted ones, which are up to {apart:.2g} apart."
        )
    if geo_floor > 0:
        below = below_floor(taxonomy, geo_floor)
        notes.append(
            f"Geo scores are at least {geo_floor:g}; thresholds of {len(below)} taxa lie at or below it, and "
            f"these are nearby everywhere{': ' + listed(below) if below else ''}."
        )
    return notes


def size_notes(source: SourceModel, name: str, size_bytes: int) -> list[str]:
    """Whether a neural network is larger than the program that it was made of."""
    flavour = source.flavours[FlavourKind.COREML]
    if size_bytes <= LARGER * flavour.installed_bytes:
        return []
    sizes = f"{name} has {size_bytes} bytes, {flavour.name} {flavour.installed_bytes}"
    why = "8-bit weights with a scale a channel stay so, others become floats; a resize is stored as a matrix"
    return [f"{sizes}: {why}."]


def _picture_notes(picture: SourceModel) -> list[str]:
    item, notes = picture.input, []
    if isinstance(item, ImageInput):
        if (item.height, item.width) != (facts.SIZE, facts.SIZE):
            notes.append(
                f"The model takes {item.width} x {item.height} pixels; both files resize from {facts.SIZE} "
                "inside (bilinear, no antialiasing), after the app's own resize."
            )
        fit = item.resize.fit
        notes.append(
            f"The contract resizes by {item.resize.method.value} ({fit.kind}); the apps cut the centre "
            f"square and resize to {facts.SIZE} without antialiasing."
        )
    if has_integer_softmax(picture.path(FlavourKind.TFLITE).read_bytes()):
        notes.append("The softmax of the TFLite flavour was in integers; the exported file does it in float.")
    notes += [
        f"{kind.value}: {flavour.name}, {flavour.installed_bytes} bytes"
        for kind, flavour in picture.flavours.items()
    ]
    return notes


def _place_notes(place: SourceModel) -> list[str]:
    item, notes = place.input, []
    if isinstance(item, LocationInput):
        if item.encoding.kind == "sin_cos_4":
            notes.append("The place model reads no elevation; the fifth number is left out inside.")
        elif elevation_factors(item) != (1.0, 1.0):
            high, low = elevation_factors(item)
            notes.append(
                f"Elevations are rescaled inside: above the sea times {high:.6g}, below times {low:.6g}."
            )
        if isinstance(item.encoding, INaturalist) and item.encoding.missing_m != -facts.LOWEST_M:
            notes.append(f"A place without elevation is at {-facts.LOWEST_M:g} m for the app.")
        notes.append(
            f"The app puts the centre of an H3 cell of resolution {facts.H3_RESOLUTION} in place of a "
            "position, and the elevation of a table."
        )
    notes += [
        f"{kind.value}: {flavour.name}, {flavour.installed_bytes} bytes"
        for kind, flavour in place.flavours.items()
    ]
    return notes
