"""From a place to its vector as a graph, in float32 within a millionth of the float64 formulas.

Float32 keeps a turn's fraction only while the angle is small: the sine of 8 pi x would be wrong by 2e-6. So
angles stay in degrees, where 360 and 180 are exact; whole turns are taken off and the rest is folded into
-90..90 without a rounding, and only then comes pi. Both ends of longitude give the same waves, bit for bit.
"""

from __future__ import annotations

import math

from fieldpack.contract import Degrees, INaturalist, LatLonWeek, LocationInput, Octaves
from fieldpack.preprocess.location import DEGREES_A_WEEK, NO_WEEK, OCTAVES
from fieldpack_converters.front_end.operations import Graph, Value

RADIANS = math.pi / 180


def graph_of_place(contract: LocationInput) -> Graph:
    """The encoding of a range model as a graph: float32 [N, fields] to [N, *contract.shape].

    The fields are those of the contract: latitude and longitude in degrees, then elevation in metres or the
    week, then the features that tables give. The cell's centre, the tables and what stands for a missing
    elevation are the caller's.
    """
    graph = Graph()
    features = contract.shape[0] - contract.encoding.size
    taken = len(contract.fields) - features
    given = graph.input(taken + features)
    fields = [graph.part(given, 0, place, place + 1) for place in range(taken)]
    vector = _encoded(graph, contract, fields)
    if features:
        vector = [*vector, graph.part(given, 0, taken, taken + features)]
    graph.concatenate(vector, 0)
    return graph


def _encoded(graph: Graph, contract: LocationInput, fields: list[Value]) -> list[Value]:
    encoding = contract.encoding
    if isinstance(encoding, Degrees):
        return fields
    if isinstance(encoding, LatLonWeek):
        return [*fields[:2], fields[2] if encoding.week == "number" else _cosine_of_week(graph, fields[2])]
    latitude, longitude = graph.scaled(fields[0], 2.0), fields[1]  # a pole is half a turn from the equator
    if isinstance(encoding, Octaves):
        return _octaves(graph, fields, latitude, longitude)
    x, y = _half_turned(graph, longitude), _half_turned(graph, latitude)
    waves = [_sine(graph, x), _sine(graph, y), _cosine(graph, x), _cosine(graph, y)]
    if isinstance(encoding, INaturalist):
        waves.append(_elevation(graph, encoding, fields[2]))
    return waves


def _octaves(graph: Graph, fields: list[Value], latitude: Value, longitude: Value) -> list[Value]:
    numbers = [graph.scaled(fields[0], 1 / 90), graph.scaled(fields[1], 1 / 180)]
    for octave in OCTAVES:
        y, x = (_half_turned(graph, graph.scaled(angle, float(octave))) for angle in (latitude, longitude))
        numbers += [_sine(graph, y), _cosine(graph, y), _sine(graph, x)]
    return numbers


def _elevation(graph: Graph, encoding: INaturalist, metres: Value) -> Value:
    zero = graph.scaled(metres, 0.0)
    above = graph.scaled(graph.larger(metres, zero), 1 / encoding.highest_m)
    return graph.plus(above, graph.scaled(graph.smaller(metres, zero), 1 / encoding.lowest_m))


def _cosine_of_week(graph: Graph, week: Value) -> Value:
    """cos(7.5 degrees times the week) + 1, and -1 of the week -1, as the larger of two ramps chooses."""
    written = graph.shifted(_cosine(graph, _half_turned(graph, graph.scaled(week, DEGREES_A_WEEK))), 1.0)
    known = graph.smaller(graph.larger(week, graph.scaled(week, 0.0)), _ones(graph, week))
    missing = graph.scaled(graph.shifted(known, -1.0), -NO_WEEK)
    return graph.plus(_times(graph, written, known), missing)


def _ones(graph: Graph, like: Value) -> Value:
    return graph.shifted(graph.scaled(like, 0.0), 1.0)


def _times(graph: Graph, value: Value, switch: Value) -> Value:
    """``value`` in 0..2 where the switch is 1, and 0 where it is 0: a product without one."""
    return graph.smaller(value, graph.scaled(switch, 2.0))


def _half_turned(graph: Graph, degrees: Value) -> Value:
    """The same angle in -180..180 degrees; nothing is rounded."""
    turns = graph.floor(graph.shifted(graph.scaled(degrees, 1 / 360), 0.5))
    return graph.minus(degrees, graph.scaled(turns, 360.0))


def _sine(graph: Graph, degrees: Value) -> Value:
    """Of an angle in -180..180 degrees, folded into -90..90 first."""
    mirrored = graph.shifted(graph.scaled(degrees, -1.0), 180.0)
    upper = graph.smaller(degrees, mirrored)
    folded = graph.larger(upper, graph.shifted(graph.scaled(degrees, -1.0), -180.0))
    return graph.sine(graph.scaled(folded, RADIANS))


def _cosine(graph: Graph, degrees: Value) -> Value:
    """Of an angle in -180..180 degrees: the sine of 90 degrees less its magnitude."""
    rest = graph.shifted(graph.scaled(graph.magnitude(degrees), -1.0), 90.0)
    return graph.sine(graph.scaled(rest, RADIANS))
