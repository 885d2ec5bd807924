"""Declare the store of views as a Protocol; both adapters pass one contract suite."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

MOST_VIEWS = 100
"""Maximum number of views of a stage: the console shows all of them in one menu."""
LONGEST_VIEW_NAME = 40
LONGEST_SEARCH = 2000
"""Maximum characters of the query string that a view stores."""


@dataclass(frozen=True, slots=True)
class View:
    """A view: its name, the query string of the console's list of jobs, who saved it and when (epoch seconds)."""

    name: str
    search: str
    by: str
    at: float

    @property
    def id(self) -> str:
        """Return the id, which follows from the name: a name may have characters that a path cannot have."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:16]


class Views(Protocol):
    """Store views by their ids. All reads are strongly consistent."""

    def all(self) -> Sequence[View]:
        """Return every view, in any order."""

    def add(self, view: View) -> bool:
        """Store a view; False if a view has its name."""

    def replace(self, known: View, view: View) -> bool:
        """Store a view in place of `known`, which has its name; False if that view is no longer stored."""

    def save(self, view: View) -> None:
        """Store a view; it replaces the view with the same name."""

    def delete(self, known: View) -> bool:
        """Delete a view; False if another one has its name now. A view that is not there is not an error."""
