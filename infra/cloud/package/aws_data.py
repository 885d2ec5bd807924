"""Ship botocore's data for clients of DynamoDB and SQS, without operations that no function may call.

botocore's descriptions of both services take 650 KB, and its list of endpoints names 400 services. A function would
read all of these files at each cold start. The reduced data takes 100 KB. `chalicelib/adapters/aws.py` uses the reduced
data, and botocore's own data for everything else.
"""

import gzip
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import botocore

from chalicelib.adapters.aws import AWS_DATA, SMALL
from chalicelib.job_types.queues import queues_of
from infra.definition.iam import grants
from infra.definition.template import Types

OWN = Path(botocore.__file__).parent / "data"
MODEL, RULES, ENDPOINTS = "service-2", "endpoint-rule-set-1", "endpoints"
WHOLE = ("partitions", "sdk-default-configuration")
"""Files that botocore reads for every client, unchanged."""
ORIGIN = (
    "Made from botocore {version} (Apache-2.0, Amazon.com, Inc.): the operations that functions of JobFlow may call.\n"
)


def write(files: Path, types: Types) -> None:
    """Write the reduced descriptions to the package.

    They contain the operations that the functions of these job types may call.
    """
    folder = files / AWS_DATA
    for name in WHOLE:
        _write(folder / f"{name}.json", read(name))
    _write(folder / f"{ENDPOINTS}.json", _of_services(read(ENDPOINTS)))
    for service in SMALL:
        version = max(path.name for path in (OWN / service).iterdir())
        place = f"{service}/{version}"
        _write(folder / place / f"{MODEL}.json", only(read(f"{place}/{MODEL}"), operations(service, types)))
        _write(folder / place / f"{RULES}.json", _bare(read(f"{place}/{RULES}")))
    (folder / "ORIGIN").write_text(ORIGIN.format(version=botocore.__version__))


def operations(service: str, types: Types) -> Collection[str]:
    """Return the operations of a service that any function may call, alone or in a batch."""
    platform = (grants.api(), grants.watchdog(), grants.counters(), grants.recount())
    every = (grant for granted in (*platform, *map(grants.worker, queues_of(types))) for grant in granted)
    granted = {grant.split(":")[1] for grant in every if grant.startswith(f"{service}:")}
    return granted | {f"{name}Batch" for name in granted}


def only(model: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return a description of a service with only these operations and their shapes, without documentation."""
    kept = {name: operation for name, operation in model["operations"].items() if name in names}
    needed: dict[str, Any] = {}
    left = list(_shapes(kept))
    while left:
        shape = left.pop()
        if shape not in needed:
            needed[shape] = model["shapes"][shape]
            left += _shapes(needed[shape])
    shapes = {name: shape for name, shape in model["shapes"].items() if name in needed}
    bare: dict[str, Any] = _bare({**model, "operations": kept, "shapes": shapes})
    return bare


def read(name: str) -> dict[str, Any]:
    """Return the content of one of botocore's data files."""
    path = OWN / f"{name}.json"
    text = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes())
    found: dict[str, Any] = json.loads(text)
    return found


def _of_services(endpoints: dict[str, Any]) -> dict[str, Any]:
    divided = [
        {**partition, "services": {name: about for name, about in partition["services"].items() if name in SMALL}}
        for partition in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": divided}


def _shapes(value: Any) -> Iterator[str]:
    """Yield the names of the shapes in a part of a description."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "shape" and isinstance(inner, str):
                yield inner
            else:
                yield from _shapes(inner)
    elif isinstance(value, list):
        yield from (name for inner in value for name in _shapes(inner))


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        texts = {key for key, inner in value.items() if key == "documentation" and isinstance(inner, str)}
        return {key: _bare(inner) for key, inner in value.items() if key not in texts}
    return [_bare(inner) for inner in value] if isinstance(value, list) else value


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, separators=(",", ":")))
