"""Describe the requests about sessions of people as data. Pure: nothing is sent here."""

from jobflow import models as m
from jobflow.client.calls import Call, because
from jobflow.client.encoding import as_body


def every() -> Call[m.SessionList]:
    """Read all sessions, newest first."""
    return Call("GET", "/sessions", m.SessionList, repeatable=True)


def revoke(principal: str, reason: str = "") -> Call[m.Revoked]:
    """End all sessions of a person; a repetition ends none."""
    asked = {"principal": principal, **because(reason)}
    return Call("POST", "/sessions/revoke", m.Revoked, body=as_body(asked), repeatable=True)
