"""Define the command that uploads a file for a job."""

from pathlib import Path
from typing import Annotated

import typer

from jobflow.cli.command import command
from jobflow.cli.session import Session


def add_to(app: typer.Typer) -> None:
    """Add the command to the root."""
    command(
        app,
        "upload",
        "upload picture.png",
        "upload photo --content-type image/jpeg",
    )(upload)


def upload(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file.")],
    content_type: Annotated[
        str | None, typer.Option("--content-type", help="What it is; default: by its name.")
    ] = None,
) -> None:
    """Upload an image and print its key for a payload: jobflow jobs create image.process -f key=KEY.

    In a script: -f key=$(jobflow upload picture.png | jq -r .key).
    """
    with session.out.busy(f"Upload {file.name} …"):
        key = session.client.upload(file, content_type)
    session.out.line({"key": key}) if session.out.as_json else session.out.say(key)
