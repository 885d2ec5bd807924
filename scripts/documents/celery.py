"""Write the tables of docs/moving/celery.md from the options that `jobflow.celery` accepts and refuses."""

from collections.abc import Mapping

from jobflow.celery import options
from jobflow.celery.options import Option

TABLES: tuple[tuple[str, str, Mapping[str, Option]], ...] = (
    ("Arguments of `@shared_task` and `@app.task`", "option", options.TASK),
    ("Arguments of `apply_async`", "option", options.CALL),
    ("Attributes of a task (`self` with `bind=True`)", "attribute", options.SELF),
    ("Attributes of `self.request`", "attribute", options.REQUEST),
    ("Names to import", "name", options.NAMES),
)


def tables() -> str:
    """Return a heading and a table for each kind of option; options that work come first."""
    return "\n\n".join(_table(*one) for one in TABLES)


def _table(title: str, head: str, rows: Mapping[str, Option]) -> str:
    ordered = sorted(rows.items(), key=lambda row: not row[1].works)
    lines = [f"| `{name}` | {_answer(option)} | {option.says}{_link(option)} |" for name, option in ordered]
    return "\n".join([f"### {title}", "", f"| {head} | | meaning, or what to do instead |", "|---|---|---|", *lines])


def _answer(option: Option) -> str:
    if not option.works:
        return "raises"
    return "works" if option.only is None else f"only {', '.join(f'`{value!r}`' for value in option.only)}"


def _link(option: Option) -> str:
    if option.page == options.GUIDE:
        return ""
    name = option.page.rpartition("/")[2].removesuffix(".md")
    return f" ([{name}](../{option.page}))"
