"""List the breaking changes between two versions, and the places where this repository uses them.

`breaking.toml` lists each change that can break a repository or a program.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jobflow.project import pins, settings
from jobflow.version import __version__

LIST = Path(__file__).with_name("breaking.toml")
READ = ("*.py", "jobflow.toml", ".env", "*.yml", "*.md", "Makefile", "*.sh")
SKIPPED = frozenset({".jobflow", ".venv", "venv", ".git", "build", "node_modules", "__pycache__"})
VERSION_LINE = re.compile(r'^version\s*=\s*".*"$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Breaking:
    """One change: the difference, and the required action."""

    version: str
    what: str
    do: str
    uses: str = ""
    """A regular expression for a line that the change affects. Without one, the affected lines cannot be found."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The changes between two versions, each with the affected places of this repository, as `path:line`."""

    old: str
    new: str
    changes: Sequence[tuple[Breaking, Sequence[str]]]

    @property
    def touched(self) -> bool:
        """Return whether something here has to be changed."""
        return any(places for _, places in self.changes)

    def lines(self) -> Iterator[str]:
        """Return the report for people."""
        if not self.changes:
            yield f"Nothing breaks from {self.old} to {self.new}."
        for change, places in self.changes:
            yield f"{change.version}: {change.what} {change.do}"
            yield from (f"  {place}" for place in places)
            if change.uses and not places:
                yield "  Not used here."


def listed() -> list[Breaking]:
    """Return every breaking change, oldest first."""
    return [Breaking(**one) for one in tomllib.loads(LIST.read_text()).get("change", [])]


def look(project: Path, changes: Iterable[Breaking] | None = None, new: str = __version__) -> Findings:
    """Return the breaking changes between a repository's version and the installed one. Raises ConfigurationError."""
    old = settings.read(project).version
    since = [one for one in (listed() if changes is None else changes) if key(old) < key(one.version) <= key(new)]
    return Findings(old, new, [(one, _places(project, one)) for one in since])


def key(version: str) -> tuple[int, ...]:
    """Return a version as numbers, for comparison."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def write_version(project: Path) -> None:
    """Store that the repository matches the installed version."""
    path = project / settings.MARK
    text, line = path.read_text(), f'version = "{__version__}"'
    path.write_text(VERSION_LINE.sub(line, text, count=1) if VERSION_LINE.search(text) else f"{line}\n{text}")


def write_pins(project: Path) -> str | None:
    """Let requirements.txt pin the installed version; return what a person must know, or None if nothing changed."""
    path = project / "requirements.txt"
    if not path.is_file():
        return None
    text, wanted = path.read_text(), pins.requirements()
    if (new := pins.renewed(text, wanted)) != text:
        path.write_text(new)
        return f"requirements.txt: pins {__version__}. Copy the two wheels to wheels/, if you keep them there."
    if f"{pins.CLIENT}==" in text and f"{pins.CLIENT}=={__version__}" not in text:
        return (
            f"requirements.txt: not changed. It has hashes, and pip knows none for the wheels of {__version__} here."
            " Install them from files (pip install wheels/*.whl), and run `jobflow upgrade` again."
        )
    return None


def _places(project: Path, change: Breaking) -> list[str]:
    if not change.uses:
        return []
    uses = re.compile(change.uses)
    return [
        f"{path.relative_to(project)}:{number}"
        for path in _files(project)
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if uses.search(line)
    ]


def _files(project: Path) -> list[Path]:
    found = {path for pattern in READ for path in project.rglob(pattern)}
    return sorted(path for path in found if path.is_file() and not SKIPPED & set(path.relative_to(project).parts))
