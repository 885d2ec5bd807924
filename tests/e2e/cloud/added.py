"""Provide handler files for the packaged e2e: a type with `serial_by`, one with tenants, one for `on_end`."""

from typing import Any

from chalicelib.job_types.jobtype import JobType, registered

HEAD = """
from pydantic import BaseModel, ConfigDict, Field

from chalicelib import Function, JobContext, consume, job


"""
SERIAL = (
    '"""ledger.entry: an entry in an account."""'
    + HEAD
    + """class Entry(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"account": "acme"}]})
    account: str = Field(description="Whose.", examples=["acme"])
    fails: int = Field(default=0, description="How many attempts fail.", examples=[0])


@job("ledger.entry", serial_by="account", function=Function(batch_size=5))
def ledger_entry(payload: Entry, ctx: JobContext) -> str:
    if ctx.attempt <= payload.fails:
        raise ValueError("not yet")
    return payload.account


handler = consume(ledger_entry)
"""
)
FAIR = (
    '"""letter.print: a letter of a customer."""'
    + HEAD
    + """class Letter(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"customer": "acme"}]})
    customer: str = Field(description="Whose.", examples=["acme"])


@job("letter.print", fair_by="customer")
def letter_print(payload: Letter, ctx: JobContext) -> str:
    return payload.customer


handler = consume(letter_print)
"""
)
ENDED = (
    '"""letter.ended: what has become of a letter."""'
    """
from chalicelib import JobContext, JobEnd, consume, job


@job("letter.ended")
def letter_ended(end: JobEnd, ctx: JobContext) -> list[str]:
    return [end.job_id, end.status, str(end.result(ctx))]


handler = consume(letter_ended)
"""
)


def declared(name: str, source: str) -> JobType[Any, Any]:
    """Return the type that a file declares; the other tests of this process must not know it."""
    names: dict[str, Any] = {"__name__": f"handlers.{name}"}
    exec(compile(source, f"handlers/{name}.py", "exec"), names)  # noqa: S102 - a file of a test
    found = names[name]
    assert isinstance(found, JobType)
    registered.pop(found.name, None)
    return found
