"""What every file of a bundle says of the model that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.bundle.document import canonical_json
from fieldpack.contract import Contract


@dataclass(frozen=True, slots=True)
class About:
    """A model by name.

    Attributes
    ----------
    name, description, license : str
        As the manifest states them.
    version : str
        As the spec states it; empty in parts that outlive versions, and where it is counted at the end.
    author : str
        Who made it; empty where nobody is named.
    contract : Contract
        As the manifest states it, with paths inside the bundle.
    """

    name: str
    version: str
    description: str
    license: str
    author: str
    contract: Contract

    @property
    def contract_bytes(self) -> bytes:
        """The contract as canonical JSON, spelled as the whole manifest is (``FORMAT.md``)."""
        return contract_bytes(self.contract)

    @property
    def contract_digest(self) -> str:
        """SHA-256 of ``contract_bytes``, 64 hexadecimal digits: files of one contract have one digest."""
        return sha256_bytes(self.contract_bytes)


def contract_bytes(contract: Contract) -> bytes:
    """A contract as canonical JSON."""
    return canonical_json(contract.model_dump(mode="json"))
