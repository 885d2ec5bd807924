"""Convert a function to a command that has the common options and reports an error by a sentence and an exit code."""

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from jobflow.cli import filters, reading
from jobflow.cli.session import Session

Profile = Annotated[
    str | None, typer.Option("--profile", "--stage", "-s", help="Use this profile (`jobflow login` makes one).")
]
Url = Annotated[
    str | None, typer.Option("--url", help="Use this address; the token is in JOBFLOW_TOKEN, and `login` asks for it.")
]
Lines = Annotated[
    bool | None,
    typer.Option("--json/--table", help="JSON lines or a table; default: a table on a terminal, else JSON."),
]
Personal = Annotated[
    bool | None,
    typer.Option("--personal", help="Show personal fields, which are hidden otherwise, if the token may see them."),
]
Read = TypeVar("Read")
SHARED = (("profile", Profile), ("url", Url), ("as_json", Lines), ("personal", Personal))

REFUSED, USAGE, NOT_COMPLETED, NOT_FOUND, NOT_REACHED, LATE, STOPPED = 1, 2, 3, 4, 5, 6, 130
"""The exit codes other than 0."""


class Once(TyperCommand):
    """A command that refuses an option that is given twice. Without this check, only the last value would count."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line. Raises a usage error."""
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        for option, times in Counter(order).items():
            if times > 1 and isinstance(option, TyperOption) and not (option.multiple or option.is_flag):
                ctx.fail(f"{option.opts[0]} is given {times} times. It takes one value.")
        return super().parse_args(ctx, args)


class Whole(TyperGroup):
    """A group whose help prints the whole first sentence of each command. Without this class, long ones are cut."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands."""
        named = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, one.get_short_help_str(limit=1_000)) for name, one in named if one is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def app_of(text: str) -> typer.Typer:
    """Return an empty group of commands."""
    return typer.Typer(help=text, cls=Whole, no_args_is_help=True, rich_markup_mode=None)


def command(
    app: typer.Typer, name: str, *examples: str, filtered: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a function to the commands. `--help` shows the examples.

    The function is called with a Session, the parsed options and, if `filtered`, a JobFilter.
    """

    def add(function: Callable[..., None]) -> Callable[..., None]:
        def run(ctx: typer.Context, **typed: Any) -> None:
            shared = {key: typed.pop(key) for key, _ in SHARED}
            with told(), Session(**shared, connect=ctx.obj) as session:
                reading.check_text(typed)
                which = (filters.taken(typed),) if filtered else ()
                function(session, *which, **typed)

        own = list(inspect.signature(function).parameters.values())[2 if filtered else 1 :]
        kind = inspect.Parameter.KEYWORD_ONLY
        more = (*(filters.OPTIONS if filtered else ()), *SHARED)
        parameters = [
            inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
            *(parameter.replace(kind=kind) for parameter in own),
            *(inspect.Parameter(key, kind, default=None, annotation=hint) for key, hint in more),
        ]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        run.__doc__ = function.__doc__
        word = "Example" if len(examples) == 1 else "Examples"
        shown = "\n".join(f"  jobflow {example}" for example in examples)
        app.command(name, cls=Once, epilog=f"\b\n{word}:\n{shown}")(run)
        return function

    return add


@contextmanager
def told() -> Iterator[None]:
    """Convert errors to a sentence on standard error and an exit code."""
    from jobflow import errors as e

    try:
        yield
    except e.JobFlowError as error:
        typer.echo(f"jobflow: {text_of(error)}", err=True)
        raise typer.Exit(code_of(error)) from None
    except (KeyboardInterrupt, typer.Abort):  # Abort: Ctrl-C at a question
        raise typer.Exit(STOPPED) from None
    except BrokenPipeError:  # such as `jobflow jobs list --all | head`
        sys.stderr.close()
        raise typer.Exit(0) from None


def if_in_scope(read: Callable[[], Read]) -> Read | None:
    """Return what `read` returns; None if the scope of the token does not allow it, for what a command can omit."""
    from jobflow.problems import OutOfScope

    try:
        return read()
    except OutOfScope:
        return None


def text_of(error: Exception) -> str:
    """Return the text of an error for a person at a terminal, because the API's text is for programs."""
    from jobflow import errors as e
    from jobflow.problems import ErrorGroupNotFound

    if isinstance(error, e.NotAuthenticated):
        if error.detail.startswith("This token expired"):
            when = error.detail.partition(". ")[0]
            return f"{when}. Store a valid one with `jobflow login`, or set JOBFLOW_TOKEN."
        return "The API does not accept this token. Store a valid one with `jobflow login`, or set JOBFLOW_TOKEN."
    if isinstance(error, ErrorGroupNotFound):
        return "No error of the last 30 days has this fingerprint: `jobflow errors` lists them."
    return str(error)


def code_of(error: Exception) -> int:
    """Return the exit code of an error."""
    from jobflow import errors as e
    from jobflow.problems import UnknownJobType

    codes = (
        (e.ConfigurationError, USAGE),
        (e.JobNotCompleted, NOT_COMPLETED),
        (e.NotFound | UnknownJobType, NOT_FOUND),
        (e.NotReached | e.UnexpectedAnswer, NOT_REACHED),
        (e.WaitTimeout, LATE),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), REFUSED)


def usage(message: str) -> typer.Exit:
    """Print what is wrong with the command line; return the error to raise."""
    typer.echo(f"jobflow: {message}", err=True)
    return typer.Exit(USAGE)
