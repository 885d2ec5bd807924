"""Build the arguments for httpx, for both clients: the address, the headers, and the request of a call."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypedDict, get_args

from jobflow.client.calls import KEY, Call
from jobflow.client.traces import HEADER
from jobflow.profiles import Target
from jobflow.version import __version__

Personal = Literal["show", "hide", "never"]
"""Whether answers have personal fields that the token may see; with "never", a search does not find them either."""
TIMEOUT = 30.0
"""Maximum seconds for one request: API Gateway itself ends a request after 29 seconds."""
Sleep = Callable[[float], Any]
AsyncSleep = Callable[[float], Awaitable[Any]]


class Options(TypedDict):
    """The arguments of httpx.Client and httpx.AsyncClient."""

    base_url: str
    headers: dict[str, str]
    timeout: float
    trust_env: bool


def options(target: Target, timeout: float) -> Options:
    """Return the options of a client for this target. A local platform never uses a proxy from the environment."""
    headers = {"Authorization": f"Bearer {target.token}", "User-Agent": f"jobflow-python/{__version__}"}
    return {"base_url": target.url, "headers": headers, "timeout": timeout, "trust_env": not target.is_local}


def checked(personal: Personal) -> Personal:
    """Return the option; raises ValueError for another text, with which nothing would be hidden."""
    if personal not in get_args(Personal):
        raise ValueError(f'personal is "show", "hide" or "never", not {personal!r}.')
    return personal


def arguments(call: Call[Any], personal: Personal = "show") -> dict[str, Any]:
    """Return the arguments of `request` for a call."""
    headers = {"Content-Type": "application/json"} if call.body is not None else {}
    if personal != "show":
        headers["Accept"] = f"application/json; personal={personal}"
    if call.key is not None:
        headers[KEY] = call.key
    if call.trace is not None:
        headers[HEADER] = call.trace
    query = {name: value for name, value in call.query.items() if value is not None}
    return {"method": call.method, "url": call.path, "params": query, "content": call.body, "headers": headers}
