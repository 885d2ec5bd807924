"""List the package's libraries as CycloneDX: name, version, licence and hash of each. Needs no network."""

import hashlib
import uuid
import zipfile
from collections.abc import Iterable, Sequence
from email.message import Message
from email.parser import HeaderParser
from importlib.metadata import version
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

NAMESPACE = uuid.UUID("5f0c2b53-8f43-4a0c-9d0c-6f2f8e2f6f7a")


def sbom(wheels: Iterable[Path], application: str) -> str:
    """Return the list of the functions' contents as JSON."""
    # add Chalice here: the package contains no wheel of it, because Chalice copies its runtime part from its own
    # installation
    return listed([*map(_component, sorted(wheels)), library("chalice", version("chalice"))], application)


def listed(components: Sequence[Component], application: str) -> str:
    """Return these components as JSON. The same components give the same text: no time, no random number."""
    bom = Bom(components=components)
    bom.metadata.component = Component(name=application, type=ComponentType.APPLICATION, bom_ref=application)
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the time is optional, and builds must be reproducible
    bom.register_dependency(bom.metadata.component, components)
    bom.serial_number = uuid.uuid5(NAMESPACE, ",".join(sorted(str(part.purl) for part in components)))
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def _component(wheel: Path) -> Component:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        about = HeaderParser().parsestr(archive.read(name).decode())
    said = about.get("License-Expression") or (about.get("License") or "").partition("\n")[0] or _classified(about)
    made = library(about["Name"], about["Version"])
    made.licenses = [LicenseFactory().make_from_string(said)] if said else []
    made.hashes = [HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(wheel.read_bytes()).hexdigest())]
    return made


def _classified(about: Message) -> str:
    """Return the licence from the classifiers of a library that does not name its licence elsewhere."""
    licences = [one for one in about.get_all("Classifier") or () if one.startswith("License :: ")]
    return licences[0].rpartition(" :: ")[2] if licences else ""


def library(name: str, number: str) -> Component:
    """Return a library from PyPI as a component."""
    purl = PackageURL("pypi", name=name.lower(), version=number)
    return Component(name=name, version=number, purl=purl, bom_ref=str(purl))
