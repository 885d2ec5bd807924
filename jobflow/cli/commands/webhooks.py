"""Define the commands for webhooks, and a receiver to try them on a local platform."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from jobflow.cli import reading
from jobflow.cli.command import app_of, command, usage
from jobflow.cli.commands.jobs import Reason
from jobflow.cli.session import Session
from jobflow.errors import ConfigurationError, Invalid, NotFound

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from jobflow.models import DeliveryRow, NewSecret, WebhookRow

PORT = 8090
LARGEST = 1_000_000
"""Bytes of a message that `listen` takes; no message of JobFlow is as large."""
app = app_of("Register webhooks, and look at their deliveries.")
Name = Annotated[str, typer.Argument(metavar="WEBHOOK", help="The name of the webhook.")]
Address = Annotated[str, typer.Argument(metavar="URL", help="https://…, port 443.")]
Types = Annotated[list[str] | None, typer.Option("--type", help="Tell the ends of all jobs of this type; '*': of all.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Of these types only jobs with this tag.")]
Statuses = Annotated[
    list[str] | None, typer.Option("--status", help="Only ends as: completed, failed, dead_letter, cancelled.")
]


@command(app, "list", "webhooks list")
def list_(session: Session) -> None:
    """List the webhooks, with the state of each receiver."""
    columns = [
        ("NAME", lambda row: row.name),
        ("TYPES", lambda row: ", ".join(row.types) or "-"),
        ("TAGS", lambda row: ", ".join(row.tags)),
        ("STATUSES", lambda row: ", ".join(row.statuses)),
        ("STATE", _state),
        ("URL", lambda row: row.url),
    ]
    session.out.rows(session.client.webhooks(), columns, "No webhooks.")


@command(
    app,
    "create",
    "webhooks create billing https://hooks.example.com/jobflow",
    "webhooks create audit https://hooks.example.com/audit --type '*' --status failed --status dead_letter",
)
def create(
    session: Session,
    name: Name,
    address: Address,
    type_: Types = None,
    tag: Tags = None,
    status: Statuses = None,
    reason: Reason = "",
) -> None:
    """Register a webhook. Its secret is printed once, and cannot be read again."""
    made = session.client.create_webhook(
        name, address, types=type_ or [], tags=tag or [], statuses=status or [], reason=reason
    )
    _print_secret(session, made)


@command(
    app,
    "update",
    "webhooks update billing https://hooks.example.com/new",
    "webhooks update billing --type report.generate",
    "webhooks update billing --all-ends",
)
def update(
    session: Session,
    name: Name,
    address: Annotated[str | None, typer.Argument(metavar="URL", help="Another URL.")] = None,
    type_: Types = None,
    tag: Tags = None,
    status: Statuses = None,
    only_named: Annotated[bool, typer.Option("--only-named", help="Remove the types and tags.")] = False,
    all_ends: Annotated[bool, typer.Option("--all-ends", help="Remove the statuses.")] = False,
    reason: Reason = "",
) -> None:
    """Change settings of a webhook; those that are not given stay, as does its secret."""
    if (only_named and (type_ or tag)) or (all_ends and status):
        raise usage("--only-named excludes --type and --tag; --all-ends excludes --status.")
    if not (address or type_ or tag or status or only_named or all_ends):
        raise usage(
            "Give what to change. Another URL follows the name: jobflow webhooks update billing https://…; "
            "--url is the address of the API."
        )
    old = session.client.webhook(name)
    changed = session.client.change_webhook(
        name,
        address or old.url,
        types=[] if only_named else type_ or old.types,
        tags=[] if only_named else tag or old.tags,
        statuses=[] if all_ends else status or old.statuses,
        reason=reason,
    )
    _print(session, changed)


@command(app, "rotate", "webhooks rotate billing")
def rotate(session: Session, name: Name, reason: Reason = "") -> None:
    """Give a webhook another secret, which is printed once. For a day, messages are signed with both."""
    _print_secret(session, session.client.rotate_webhook(name, reason=reason))


@command(app, "enable", "webhooks enable billing")
def enable(session: Session, name: Name, reason: Reason = "") -> None:
    """Enable a webhook that was disabled."""
    _print(session, session.client.enable_webhook(name, reason=reason))


@command(app, "delete", "webhooks delete billing")
def delete(session: Session, name: Name, reason: Reason = "") -> None:
    """Delete a webhook and its secret; deliveries that wait fail."""
    row = session.client.delete_webhook(name, reason=reason)
    if session.out.as_json:
        session.out.line(row)
    else:
        session.out.say(f"The webhook {row.name} is deleted.")


@command(app, "deliveries", "webhooks deliveries billing --state failed")
def deliveries(
    session: Session,
    name: Name,
    state: Annotated[str | None, typer.Option("--state", help="pending, delivered, failed, disabled.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The most deliveries to print.")] = 20,
) -> None:
    """List the deliveries to a webhook, newest first."""
    found = session.client.deliveries(name, cast("Any", state))
    columns: list[tuple[str, Callable[[Any], Any]]] = [
        ("ID", lambda row: row.id),
        ("STATE", lambda row: row.state),
        ("JOB", lambda row: row.job_id[:8] if row.job_id else f"batch {row.batch}"),
        ("ENDED", lambda row: row.ended),
        ("ATTEMPTS", lambda row: row.attempts),
        ("CREATED", lambda row: reading.ago(row.created_at)),
        ("ANSWER", lambda row: f"{row.status} {row.answer or ''}" if row.status else row.answer),
    ]
    session.out.newest(found, limit, columns, "No deliveries.")


@command(app, "send-again", "webhooks send-again billing 6a1de45f-8c1e-4f0e-9f7e-0c9b7a6d5e4f")
def send_again(
    session: Session,
    name: Name,
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="The id of the delivery.")],
    reason: Reason = "",
) -> None:
    """Send the message of a delivery again, under its webhook-id."""
    row: DeliveryRow = session.client.send_again(name, delivery, reason=reason)
    if session.out.as_json:
        session.out.line(row)
    else:
        session.out.say(f"The delivery {row.id} is {row.state}.")


@command(app, "listen", "webhooks listen", "webhooks listen --type report.generate")
def listen(
    session: Session,
    name: Annotated[
        str, typer.Option("--name", help="The name of the webhook, which is deleted at the end.")
    ] = "local",
    type_: Types = None,
    port: Annotated[
        int | None, typer.Option("--port", help="WEBHOOK_PORT of the platform; default: that of `jobflow dev` here.")
    ] = None,
) -> None:
    """Receive on this machine what a local platform (`jobflow dev`) delivers; verify and print each message.

    Registers a webhook for this, by default for jobs of all types. A stage in the cloud refuses its address.
    """
    port = (session.client.target.webhook_port or PORT) if port is None else port
    with _server(port) as server, _registered(session, name, port, type_ or ["*"]) as secret:
        server.RequestHandlerClass = _receiver(session, secret)
        if not session.out.as_json:
            session.out.say(f"Receiving as the webhook {name} on 127.0.0.1:{port}. Ctrl-C ends it.")
        server.serve_forever()


@contextmanager
def _server(port: int) -> "Iterator[HTTPServer]":
    from http.server import BaseHTTPRequestHandler, HTTPServer

    try:
        server = HTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler)
    except OSError as error:
        raise typer.BadParameter(f"Port {port} cannot be used: {error.strerror}.") from error
    with server:
        yield server


@contextmanager
def _registered(session: Session, name: str, port: int, types: list[str]) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}/"
    try:
        try:
            session.client.change_webhook(name, url, types=types)
            made = session.client.rotate_webhook(name)
            session.client.enable_webhook(name)
        except NotFound:
            made = session.client.create_webhook(name, url, types=types)
    except Invalid as error:
        if any(one.loc == ["url"] for one in error.errors):
            raise ConfigurationError(
                f"This platform does not deliver to 127.0.0.1:{port}. Only a local platform delivers to this machine, "
                "and only to its WEBHOOK_PORT: give this port as --port."
            ) from error
        raise
    try:
        yield made.secret
    finally:
        session.client.delete_webhook(name)


def _receiver(session: Session, secret: str) -> "type[BaseHTTPRequestHandler]":
    from http.server import BaseHTTPRequestHandler

    from jobflow.webhooks import WebhookRefused, verify

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            length = self.headers.get("Content-Length", "")
            body = self.rfile.read(int(length)) if length.isdecimal() and int(length) <= LARGEST else b""
            try:
                message = verify(body, dict(self.headers.items()), secret)
            except WebhookRefused as error:
                self.send_error(400, "Refused", str(error))
                session.out.say(f"Refused a message: {error}.")
                return
            self.send_response(204)
            self.end_headers()
            _show(session, self.headers["webhook-id"], message)

        def log_message(self, *_args: object) -> None:
            """Log nothing: each message is printed."""

    return Receiver


def _show(session: Session, message_id: str, message: Any) -> None:
    if session.out.as_json:
        session.out.line({"webhook_id": message_id, **message})
        return
    data = message["data"]
    at = datetime.now(UTC).astimezone()
    what = f"{data['batch']}  round {data['round']}" if "batch" in data else f"{data['type']}  {data['job_id']}"
    session.out.say(f"{at:%H:%M:%S}  {message['type']}  {what}  (webhook-id {message_id})")


def _state(row: "WebhookRow | NewSecret") -> str:
    if row.disabled_at is not None:
        return f"disabled: {row.disabled_because}"
    return f"{row.failures} failed in a row" if row.failures else "ok"


def _print(session: Session, row: "WebhookRow") -> None:
    session.out.facts(row, _facts(row))


def _print_secret(session: Session, made: "NewSecret") -> None:
    session.out.facts(made, [*_facts(made), ("secret", made.secret)])
    if not session.out.as_json:
        session.out.note("The secret is not shown again: store it where the receiver reads it.")


def _facts(row: "WebhookRow | NewSecret") -> list[tuple[str, Any]]:
    return [
        ("name", row.name),
        ("url", row.url),
        ("types", ", ".join(row.types) or "only jobs that name it in --notify"),
        ("tags", ", ".join(row.tags)),
        ("statuses", ", ".join(row.statuses) or "every end"),
        ("state", _state(row)),
        ("failing since", row.failing_since),
        ("paused until", row.paused_until),
        ("disabled at", row.disabled_at),
        ("created", row.created_at),
        ("by", row.created_by),
        ("changed", row.updated_at),
        ("secret made", row.rotated_at),
    ]
