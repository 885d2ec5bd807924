"""Find the address and the token: in arguments, the environment, a profile, or a running `make dev`.

Address and token come from the same place, so that a token is never sent to an address from another place.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jobflow.errors import ConfigurationError

URL, TOKEN, PROFILE, FILE = "JOBFLOW_URL", "JOBFLOW_TOKEN", "JOBFLOW_PROFILE", "JOBFLOW_PROFILES"
STATE = "JOBFLOW_STATE_DIR"
DEFAULT = "default"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Target:
    """One API: its address, the token for it, the console's address, and where they were found.

    `webhook_port`: the port of this machine to which a running `make dev` delivers.
    """

    url: str
    token: str
    console: str | None = None
    source: str = "arguments"
    webhook_port: int | None = None

    def __post_init__(self) -> None:
        """Raise ConfigurationError for an address that would send the token unencrypted."""
        try:
            parts = urlsplit(self.url)
            known = parts.scheme in {"http", "https"} and parts.hostname and self.url.isprintable() and parts.port != 0
        except ValueError:  # raised for an invalid port, and for an incomplete IPv6 address
            known = False
        if not known:
            raise ConfigurationError(f"{self.url!r} is not an address; write it like https://jobs.example.com")
        if parts.scheme == "http" and not self.is_local:
            raise ConfigurationError(f"{self.url} would send the token unencrypted: use https.")
        if not self.token.isascii() or not self.token.isprintable() or not self.token.strip():
            raise ConfigurationError(f"The token (from {self.source}) is empty or not a token: a token looks like jf_…")

    @property
    def is_local(self) -> bool:
        """Return True if the address is this machine."""
        return urlsplit(self.url).hostname in LOOPBACK

    def __repr__(self) -> str:
        """Return a text without the token, which must not get into logs."""
        return f"Target({self.url!r}, source={self.source!r})"


def find(
    url: str | None = None,
    token: str | None = None,
    profile: str | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> Target:
    """Return the API to use; raise ConfigurationError if there is none.

    Arguments come first, then a named profile, JOBFLOW_URL with JOBFLOW_TOKEN, JOBFLOW_PROFILE, a running `make dev` in
    this folder or a parent folder, and last the profile "default".
    """
    if "" in (url, token):  # as from a variable of the caller's own that is not set: no other target may replace it
        raise ConfigurationError(f"The {'address' if url == '' else 'token'} that was given is empty.")
    if profile is None and (url or environment.get(URL)):
        return _given(url, token, environment)
    if profile is None and token:
        raise ConfigurationError("A token is set without an address: set the URL, too.")
    name = profile or environment.get(PROFILE)
    if name:
        return _named(name, environment)
    local = running(folder or Path.cwd(), environment)
    if local is not None:
        return local
    if DEFAULT in (known := stored(environment)):
        return known[DEFAULT]
    raise ConfigurationError(
        f"No JobFlow is known: start `jobflow dev` or `make dev`, run `jobflow login`, or set {URL} and {TOKEN}."
    )


def _given(url: str | None, token: str | None, environment: Mapping[str, str]) -> Target:
    source = "arguments" if url else URL
    found = token or environment.get(TOKEN)
    if not found:
        raise ConfigurationError(f"An address is set (from {source}) without a token: set {TOKEN}.")
    return Target((url or environment[URL]).rstrip("/"), found, source=source)


def _named(name: str, environment: Mapping[str, str]) -> Target:
    known = stored(environment)
    if name not in known:
        have = f"known are: {', '.join(sorted(known))}" if known else "there are none yet"
        raise ConfigurationError(f"There is no profile {name!r} ({have}). Create one with `jobflow login {name}`.")
    return known[name]


def running(folder: Path, environment: Mapping[str, str] = os.environ) -> Target | None:
    """Return the running `make dev` of this folder or a parent folder, if any."""
    chosen = environment.get(STATE)
    folders = [Path(chosen)] if chosen else [above / ".jobflow" for above in (folder, *folder.parents)]
    for each in folders:
        try:
            state = json.loads((each / "dev.json").read_text())
            port = state.get("webhook_port")
            return Target(state["api"], state["token"], state.get("dashboard"), f"{each}/dev.json", port)
        except (OSError, ValueError, KeyError):
            continue
    return None


def path_of(environment: Mapping[str, str]) -> Path:
    """Return the file of the profiles: JOBFLOW_PROFILES, or the default in the user's configuration folder."""
    if chosen := environment.get(FILE):
        return Path(chosen)
    home = environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME", "~")).expanduser() / ".config"
    return Path(home) / "jobflow" / "profiles.toml"


def stored(environment: Mapping[str, str] = os.environ) -> dict[str, Target]:
    """Return every profile. Raises ConfigurationError if other users can read the file, or if it cannot be read."""
    path = path_of(environment)
    if not path.exists():
        return {}
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise ConfigurationError(f"Others can read the tokens in {path}: run `chmod 600 {path}`.")
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: Target(source=f"profile {name}", **row) for name, row in rows.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"The profiles in {path} cannot be read: {error}") from error


def store(name: str, target: Target, environment: Mapping[str, str] = os.environ) -> Path:
    """Add or replace a profile; return the file, which only this user can read."""
    rows = {**stored(environment), name: target}
    path = path_of(environment)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text("\n".join(_section(each, rows[each]) for each in sorted(rows)), encoding="utf-8")
    draft.replace(path)
    return path


def _section(name: str, target: Target) -> str:
    values = {"url": target.url, "token": target.token, "console": target.console}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items() if value]
    return "\n".join([f"[{json.dumps(name, ensure_ascii=False)}]", *lines, ""])
