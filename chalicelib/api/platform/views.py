"""Serve views: named filters of the console's list of jobs, which everybody on the stage shares."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.access.tokens import Role
from chalicelib.api.http.endpoint import Audited, Call, Endpoints
from chalicelib.api.models.fields import Moment, Reasoned
from chalicelib.api.models.responses import Answer, Time
from chalicelib.assembly import parts
from chalicelib.errors import TooManyViews, ViewExists, ViewNotFound
from chalicelib.jobs.listing import iso
from chalicelib.views import events, port
from chalicelib.views.port import LONGEST_SEARCH, LONGEST_VIEW_NAME, View

ViewName = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=LONGEST_VIEW_NAME, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]  # fmt: skip
Search = Annotated[str, StringConstraints(max_length=LONGEST_SEARCH, pattern=r"^(\?[\x21-\x7e]*)?$")]

endpoints = Endpoints()


class NewView(Reasoned):
    """A view to save."""

    name: ViewName = Field(
        description="Replaces the view with this name, unless `only_new` or `replaces` is set.",
        examples=["Failed today"],
    )
    search: Search = Field(
        description="The query string of the console's list of jobs; empty: all jobs.",
        examples=["?status=failed&range=1h"],
    )
    only_new: bool = Field(False, description="Answer 409 instead of replacing the view with this name.")
    replaces: Moment | None = Field(
        None, description="The `at` of the view that is replaced: 409 if the view with this name has another one."
    )


class ViewRow(Answer):
    """A view."""

    id: str
    name: str
    search: str = Field(description="The query string of the console's list of jobs")
    by: str = Field(description="The label of the token that saved it")
    at: Time


class ViewList(Answer):
    """All views, by name."""

    views: list[ViewRow]


@endpoints.get("/views", ViewList)
def list_views(_call: Call) -> ViewList:
    """List the views by name. A view is a filter of the console's list of jobs; everybody on the stage shares it."""
    found = sorted(parts.views.all(), key=lambda view: view.name.casefold())
    return ViewList(views=[_row(view) for view in found])


@endpoints.post(
    "/views", ViewRow, body=NewView, statuses=(200, 409),
    examples={"failed": {"name": "Failed today", "search": "?status=failed&range=1h"}},
    audit=Audited("view.save", "view", made="id"),
)  # fmt: skip
def save_view(call: Call) -> ViewRow:
    """Save a view. It replaces the view with the same name, or with `only_new` or another `replaces` the answer is 409.

    At most 100 views exist (409 for one more).
    """
    made = View(call.body.name, call.body.search, call.person, parts.clock())
    found = {view.id: view for view in parts.views.all()}
    known = found.pop(made.id, None)
    if len(found) >= port.MOST_VIEWS:  # requests at the same time may exceed this by one view each
        raise TooManyViews(port.MOST_VIEWS)
    _store(made, known, call.body)
    events.saved(made.id, call.principal)
    return _row(made)


@endpoints.delete(
    "/views/{view_id}",
    ViewRow,
    role=Role.OPERATOR,
    statuses=(200, 409),
    audit=Audited("view.delete", "view", "view_id"),
)
def delete_view(call: Call) -> ViewRow:
    """Delete a view for everybody. Returns the deleted view; 409 if somebody saves it at the same time."""
    view_id = call.path["view_id"]
    found = next((view for view in parts.views.all() if view.id == view_id), None)
    if found is None:
        raise ViewNotFound(view_id)
    if not parts.views.delete(found):
        raise ViewExists(found.name, changed=True)
    events.deleted(view_id, call.principal)
    return _row(found)


def _store(made: View, known: View | None, asked: NewView) -> None:
    """Store a view; raises ViewExists if it would replace another view than the one that is asked for."""
    if asked.only_new or (asked.replaces is not None and known is None):
        if not parts.views.add(made):
            raise ViewExists(made.name)
    elif asked.replaces is None or known is None:
        parts.views.save(made)
    elif iso(known.at) != iso(asked.replaces) or not parts.views.replace(known, made):
        raise ViewExists(made.name, changed=True)


def _row(view: View) -> ViewRow:
    return ViewRow(id=view.id, name=view.name, search=view.search, by=view.by, at=iso(view.at))
