"""Extract the job types that the documentation prints, as files."""

import re
import textwrap

import handlers
from tests.infra.local.running import ROOT


def blocks(language: str) -> list[str]:
    """Return README's fenced blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def of_readme() -> str:
    """Return README's job type, whose first line names its file."""
    [source] = [block for block in blocks("python") if block.startswith("# handlers/word_count.py\n")]
    return source


def how_to() -> str:
    """Return the job type that the how-to of `handlers/__init__.py` shows."""
    text = textwrap.dedent(handlers.__doc__ or "")
    start = text.index('    "word.count')
    end = text.index("handler = consume(word_count)\n") + len("handler = consume(word_count)\n")
    return textwrap.dedent(text[start:end])
