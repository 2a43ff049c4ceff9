"""Coefficients of the polyphase resampler in a bundle: one small array a source rate.

A phone reads them instead of computing Bessel functions, and a verifier holds them against the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fieldpack.bundle.arrays import npy_bytes, read_array
from fieldpack.bundle.finding import Finding, FindingCode
from fieldpack.bundle.manifest import Manifest, ResamplingTable
from fieldpack.contract import Contract, LowRate, Polyphase, SoundInput
from fieldpack.contract.sound import SoundSpec
from fieldpack.errors import BundleError

TOLERANCE = 1e-6
"""Of one coefficient: another machine's sine and Bessel function round the last place differently."""


def resampling_tables(contract: Contract) -> list[tuple[ResamplingTable, bytes]]:
    """The tables of a contract with the bytes of their files; none unless a resampler is polyphase.

    There is one for each common rate of recorders that the contract admits, the model's own left out.
    """
    made = []
    for name, front_end, settings in _polyphase(contract):
        for rate in _rates(front_end):
            table = _table(name, rate, front_end.sample_rate_hz)
            made.append((table, _npy(table, settings)))
    return made


def resampling_findings(manifest: Manifest, read: Callable[[str], bytes | None]) -> list[Finding]:
    """What is wrong with the tables of a bundle: missing, unasked, another ratio, other numbers."""
    wanted = {name: (front_end, settings) for name, front_end, settings in _polyphase(manifest.contract)}
    findings = []
    for table in manifest.resampling:
        if table.input not in wanted:
            findings.append(_finding(f"resampling names {table.input}, which has no polyphase resampler"))
        elif table != _table(table.input, table.from_hz, wanted[table.input][0].sample_rate_hz):
            findings.append(_finding(f"resampling of {table.input} from {table.from_hz} Hz is misstated"))
        elif (data := read(table.path)) is not None:
            findings += _values(table, wanted[table.input][1], data)
    for name, (front_end, _) in wanted.items():
        listed = {table.from_hz for table in manifest.resampling if table.input == name}
        missing = [str(rate) for rate in _rates(front_end) if rate not in listed]
        if missing:
            findings.append(_finding(f"resampling of {name} has no coefficients for {', '.join(missing)} Hz"))
    return findings


def _polyphase(contract: Contract) -> Iterator[tuple[str, SoundSpec, Polyphase]]:
    for item in contract.inputs:
        if isinstance(item, SoundInput) and isinstance(item.front_end.resampler, Polyphase):
            yield item.name, item.front_end, item.front_end.resampler


def _rates(front_end: SoundSpec) -> list[int]:
    from fieldpack.preprocess.resampler import SOURCE_RATES_HZ

    own, any_rate = front_end.sample_rate_hz, front_end.low_rate is LowRate.WARN
    return [rate for rate in SOURCE_RATES_HZ if rate > own or (any_rate and rate < own)]


def _table(name: str, from_hz: int, to_hz: int) -> ResamplingTable:
    from fieldpack.preprocess.resampler import ratio

    up, down = ratio(from_hz, to_hz)
    path = f"resampling/{name}/{from_hz}.npy"
    return ResamplingTable(input=name, from_hz=from_hz, up=up, down=down, path=path)


def _npy(table: ResamplingTable, settings: Polyphase) -> bytes:
    from fieldpack.preprocess.resampler import half_filter

    return npy_bytes(half_filter(table.up, table.down, settings))


def _values(table: ResamplingTable, settings: Polyphase, data: bytes) -> Iterator[Finding]:
    import numpy as np

    from fieldpack.preprocess.resampler import half_filter

    try:
        stored = read_array(data, table.path)
    except BundleError as error:
        yield Finding(FindingCode.RESAMPLING, table.path, error.what)
        return
    wanted = half_filter(table.up, table.down, settings)
    if stored.dtype != np.float32 or stored.shape != wanted.shape:
        message = (
            f"holds {stored.dtype} {list(stored.shape)}; the contract gives float32 {list(wanted.shape)}"
        )
        yield Finding(FindingCode.RESAMPLING, table.path, message)
    elif not np.abs(stored - wanted).max() <= TOLERANCE:
        yield Finding(FindingCode.RESAMPLING, table.path, "does not hold the filter that the contract states")


def _finding(message: str) -> Finding:
    return Finding(FindingCode.RESAMPLING, "manifest.json", message)
