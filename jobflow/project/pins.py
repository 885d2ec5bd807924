"""Pin the packages for the development of a repository: JobFlow's two wheels and all that they need, with hashes.

The platform contains the lock file that it was tested with. If pip installed the two wheels from files, it has stored
their hashes (`direct_url.json`, PEP 610). If pip installed them from an index, it has stored no hashes. The result is
then only the two wheels, without hashes, because pip accepts hashes only if all lines have them.
"""

import json
import re
from importlib.metadata import PackageNotFoundError, distribution

from jobflow.project import tree
from jobflow.version import __version__

CLIENT, PLATFORM = "jobflow-aws", "jobflow-aws-platform"
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==[^\n]+?(?: \\\n +--hash=\S+)+", re.MULTILINE)
PLAIN = re.compile(r"^([A-Za-z0-9._-]+)==[^\n\\]+$", re.MULTILINE)


def requirements() -> str:
    """Return the lines for requirements.txt, for the JobFlow that is installed here."""
    own = [_own(name) for name in (CLIENT, PLATFORM)]
    if not all("--hash" in line for line in own):
        return "\n".join(own) + "\n"
    locked = blocks((tree.source() / "requirements-dev.txt").read_text())
    return "\n".join([*own, *(locked[name] for name in sorted(reached(PLATFORM)) if name in locked)]) + "\n"


def renewed(text: str, wanted: str) -> str:
    """Return a requirements.txt whose pins are those of `wanted`; lines of libraries that are not in it stay.

    A library that is new in `wanted` is added after JobFlow's own lines. Returns the text unchanged if it does not name
    JobFlow, or if it has hashes and `wanted` has none: pip accepts hashes only if all lines have them.
    """
    new, old = _pinned(wanted), _pinned(text)
    if CLIENT not in old or ("--hash" in old[CLIENT] and "--hash" not in new[CLIENT]):
        return text
    for name in new.keys() & old.keys():
        text = _replaced(text, old[name], new[name])
    added = "".join(f"\n{new[name]}" for name in sorted(new.keys() - old.keys()))
    last = new[PLATFORM if PLATFORM in old else CLIENT]
    return _replaced(text, last, last + added)


def _replaced(text: str, old: str, new: str) -> str:
    """Replace whole lines: the name and the version of another library can end or begin with these."""
    return re.sub(rf"^{re.escape(old)}(?!\S)", lambda _: new, text, flags=re.MULTILINE)


def _pinned(text: str) -> dict[str, str]:
    return {**{normal(line[1]): line[0] for line in PLAIN.finditer(text)}, **blocks(text)}


def blocks(lock: str) -> dict[str, str]:
    """Return a lock file's lines by library; for a library with several versions (with markers), the lines of all."""
    found: dict[str, str] = {}
    for block in LOCKED.finditer(lock):
        name = normal(block[1])
        found[name] = f"{found[name]}\n{block[0]}" if name in found else block[0]
    return found


def reached(root: str) -> set[str]:
    """Return all that an installed distribution needs, directly or indirectly, on any platform."""
    # import it here: only the platform's wheel needs this library, and the client alone pins nothing
    from packaging.requirements import Requirement

    found, waiting = set[tuple[str, str]](), [(normal(root), "")]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            for need in map(Requirement, _asked(here[0])):
                if need.marker is None or "extra" not in str(need.marker) or need.marker.evaluate({"extra": here[1]}):
                    waiting += [(normal(need.name), extra) for extra in ("", *need.extras)]
    return {name for name, _ in found}


def _asked(name: str) -> list[str]:
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:  # only other platforms need this distribution
        return []


def normal(name: str) -> str:
    """Return the normal form of a distribution's name, which is the same for all spellings (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _own(name: str) -> str:
    try:
        noted = json.loads(distribution(name).read_text("direct_url.json") or "{}")
    except PackageNotFoundError:  # JobFlow runs from a clone and is not installed
        noted = {}
    digest = noted.get("archive_info", {}).get("hashes", {}).get("sha256")
    line = f"{name}=={__version__}"
    return f"{line} \\\n    --hash=sha256:{digest}" if digest else line
