"""Define the commands about the API's address: login, whoami, open."""

from typing import Annotated

import typer

from jobflow.cli import reading
from jobflow.cli.command import command
from jobflow.cli.session import Session

MCP_PATH = "/mcp"


def add_to(app: typer.Typer) -> None:
    """Add the commands to the root."""
    command(app, "login", "login prod --url https://abc123.execute-api.eu-central-1.amazonaws.com")(login)
    command(app, "whoami", "whoami --stage prod")(whoami)
    command(app, "mcp", "mcp --stage prod", "mcp --http 8765", "mcp --allow-write")(mcp)
    command(app, "open", "open @last", "open --stage prod")(open_)


def login(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The profile's name.")] = "default",
    console: Annotated[str | None, typer.Option("--console", help="The console's address, for `open`.")] = None,
) -> None:
    """Store an address and a token as a profile. The command asks for the token, or reads it from standard input."""
    from jobflow import profiles
    from jobflow.errors import ConfigurationError

    given = reading.standard_input()
    try:
        asked = session.url or typer.prompt("Address of the API", err=True)
    except typer.Abort:
        if given.isatty():
            raise
        raise ConfigurationError("The address is missing: give it with --url https://…") from None
    token = typer.prompt("Token", hide_input=True, err=True) if given.isatty() else given.readline()
    target = profiles.Target(asked.strip().rstrip("/"), token.strip(), console, source="standard input")
    with session.connect(target.url, target.token) as client:
        me = client.me()
    path = profiles.store(name, target)
    session.out.say(f"Logged in as {me.label} ({me.role}). Profile {name} is in {path}.")


def whoami(session: Session) -> None:
    """Print the address in use, and the id, role, label, expiry and scope of its token."""
    target, me = session.client.target, session.client.me()
    facts = {
        "url": target.url,
        "source": target.source,
        "id": me.id,
        "role": me.role,
        "label": me.label,
        "expires_at": me.expires_at,
        "types": me.types,
        "tenants": me.tenants,
        "payloads": me.payloads,
        "personal": me.personal,
    }
    texts = {name: ", ".join(value) for name, value in facts.items() if isinstance(value, list)}
    session.out.facts(facts, {**facts, **texts}.items())


def open_(
    session: Session,
    job: Annotated[str | None, typer.Argument(metavar="[JOB]", help="Id, its first characters, or @last.")] = None,
    only_print: Annotated[bool, typer.Option("--print", help="Only print the address.")] = False,
) -> None:
    """Open the console in a browser, optionally at a job."""
    import webbrowser

    from jobflow.errors import ConfigurationError

    console = session.client.target.console
    if console is None:
        raise ConfigurationError("The console's address is not known: `jobflow login NAME --console https://…`.")
    address = f"{console.rstrip('/')}/jobs/{session.id_of(job)}" if job else console
    if only_print or not webbrowser.open(address):
        typer.echo(address)


def mcp(
    session: Session,
    allow_write: Annotated[bool, typer.Option("--allow-write", help="Also retry, cancel and redrive.")] = False,
    http: Annotated[
        int | None,
        typer.Option(
            "--http", min=0, max=65535, help="Listen on http://127.0.0.1:PORT/mcp, to read only.", metavar="PORT"
        ),
    ] = None,
) -> None:
    """Serve the Model Context Protocol on standard input and output, so that an assistant can read jobs."""
    from jobflow.errors import ConfigurationError

    if http is not None and allow_write:
        raise ConfigurationError(
            "--allow-write works over stdio only, because over HTTP every program on this machine could write."
        )
    try:
        from jobflow.assistant.server import build
    except ModuleNotFoundError as missing:
        raise ConfigurationError(f"{missing.name} is not installed: pip install 'mcp>=2.3,<3'.") from missing
    server = build(session.client, allow_write=allow_write)
    if http is None:
        server.run("stdio")
    else:
        typer.echo(f"The server's address is http://127.0.0.1:{http}{MCP_PATH}", err=True)
        server.run("streamable-http", host="127.0.0.1", port=http, streamable_http_path=MCP_PATH)
