"""Write docs/llms.txt, a guide for assistants (llmstxt.org): one line for each page, command and request.

Part of `make openapi`; the text comes from the pages, the command line and the API document.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

import handlers
from jobflow.cli.app import EXITS, app

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs" / "llms.txt"
COPY = ROOT / "jobflow" / "assistant" / "llms.txt"
"""A copy of the file for the assistants' server (`jobflow mcp`)."""
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
SENTENCE = re.compile(r"(.+?\.)(?:\s|$)", re.DOTALL)
NOT_PROSE = re.compile(r"#|\||```|\*|!\[|\d+\.")
RULES = "How an attempt ends\n-------------------\n"


def guide(document: Mapping[str, Any]) -> str:
    """Return the file for an API document."""
    readme = (ROOT / "README.md").read_text()
    title, about = readme.splitlines()[0], readme.splitlines()[2]
    return "\n".join([title, "", f"> {about}", "", *_start(), *_pages(), *_commands(), *_requests(document)]) + "\n"


def _start() -> Iterator[str]:
    yield "## Write a job type"
    yield ""
    yield "One file in `handlers/` is one job type; `jobflow add word.count` writes one with its test."
    yield ""
    text = inspect.cleandoc(handlers.__doc__ or "")
    example = text[text.index('    "word.count') : text.index(RULES)].rstrip()
    yield from ["```python", *(line[4:] for line in example.splitlines()), "```", ""]
    rules = text[text.index(RULES) + len(RULES) :].split("\n\n")[0]
    yield from [*rules.splitlines(), ""]


def _pages() -> Iterator[str]:
    yield from ["## Pages", ""]
    docs = ROOT / "docs"
    for path in sorted(docs.rglob("*.md")):
        if path.parent.name == "decisions":
            continue
        title, text = path.read_text().split("\n", 1)
        said = first_sentence(text)
        yield f"- [{title.removeprefix('# ')}]({path.relative_to(docs)})" + (f": {said}" if said else "")
    yield ""


def first_sentence(text: str) -> str:
    """Return the first sentence of a page's prose, without links; nothing if the page begins with a table."""
    for block in text.split("\n\n"):
        lines = " ".join(block.split())
        if lines and not NOT_PROSE.match(lines):
            plain = LINK.sub(r"\1", lines)
            found = SENTENCE.match(plain)
            return found[1] if found else f"{plain.rstrip(':')}."
    return ""


def _commands() -> Iterator[str]:
    yield from ["## Commands", "", " ".join(EXITS.split()), ""]
    for name, command in every(typer.main.get_command(app)):
        yield f"- `{name}`: {(command.help or '').strip().splitlines()[0]}"
    yield ""


def every(command: Any, path: str = "jobflow") -> Iterator[tuple[str, Any]]:
    """Yield each command with its description."""
    for name, below in getattr(command, "commands", {}).items():
        yield from every(below, f"{path} {name}")
    if not hasattr(command, "commands"):
        yield path, command


def _requests(document: Mapping[str, Any]) -> Iterator[str]:
    yield from ["## API", "", "[openapi.json](openapi.json) has every field. Errors are application/problem+json.", ""]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield f"- `{method.upper()} {path}`: {operation['summary']}."
