"""Hold the words of the code and the documents to plain English: no folder may get worse (`make check`).

Counts docstrings (those of constants, too) that begin with a question word ("What …", "Whether …") instead of a verb,
words of the list below in names, docstrings, comments, texts and Markdown, and turns of speech in what users read: the
texts of the code and the API document. `scripts/words.json` has the number that each folder still has; a folder that is
not in it has none. `--write` sets it to what is there now, `--list` prints every place.
"""

import argparse
import ast
import io
import json
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parent.parent
BASELINE = ROOT / "scripts" / "words.json"
QUESTION = re.compile(r"(What|Whether|Where|Why|How|When|Who|Which)\b")
BANNED = re.compile(
    r"\b(nudg(e|es|ed|ing)|bur(y|ies|ied|ying)|burn(s|ing)? down|mend(s|ed|ing)?|lanes?|stor(y|ies)"
    r"|front door|is the truth|as far as any(body|one)|keeps? (us )?honest)\b",
    re.IGNORECASE,
)
SAID = re.compile(
    r"\b(no such (?!file)|did not come|gave up|tried again|goes? on (by|with|from)|to go on|for good|nobody|somebody"
    r"|everybody|work(s|ed) off|free worker|to find [a-z ]+ again by|this stretch of time|left alone|lies in"
    r"|its time is over|all is well|nothing needs|needs you|at work on|empty in|none old|go on until)\b",
    re.IGNORECASE,
)
"""What texts said before they were put plainly. The console has such a list of its own."""
SHOWN = re.compile(r'^\s*"(description|summary|title)":')
"""A line of the API document that its reader sees."""
PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
"""A word within a name: `next_word`, `NextWord`, `NEXT_WORD`."""
CODE = re.compile(r"`[^`]*`")
EXCEPT = ("tests/", "dashboard/", "jobflow/models.py", "scripts/words.py", "docs/glossary.md", "CHANGELOG.md")
"""Not counted: test code, the console (it has its own lint), models generated from the API document,
and the pages that must name a word."""


def findings(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Return (line, words) of each finding in a Python or Markdown file, or in the API document."""
    lines = enumerate(text.splitlines(), 1)
    if path.endswith(".json"):
        yield from _found(SAID, ((number, line) for number, line in lines if SHOWN.match(line)))
    elif path.endswith(".md"):
        yield from _found(BANNED, ((number, CODE.sub("", line)) for number, line in lines))
    else:
        yield from _in_prose(text, shown=not path.startswith("scripts/"))
        yield from _in_tokens(text)


def _in_prose(text: str, *, shown: bool) -> Iterator[tuple[int, str]]:
    """Search docstrings and texts. `shown`: users read the texts."""
    nodes = list(ast.walk(ast.parse(text)))
    documents = {node.value for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        match node:
            case ast.Expr(ast.Constant(str(prose))) if QUESTION.match(prose):
                yield node.lineno, prose.partition("\n")[0]
            case ast.Constant(str(prose)) if " " in prose:
                yield from _found(BANNED, [(node.lineno, prose)])
                if shown and node not in documents:
                    yield from _found(SAID, [(node.lineno, prose)])


def _in_tokens(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield from _found(BANNED, [(token.start[0], token.string)])
        elif token.type == tokenize.NAME:
            yield from _found(BANNED, [(token.start[0], " ".join(PART.findall(token.string)))])


def _found(words: re.Pattern[str], lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    for number, line in lines:
        for match in words.finditer(line):
            yield number, match[0]


def folder_of(path: str) -> str:
    """Return the folder that a file is counted in, at most two deep: "infra/local/api/serve.py" is in "infra/local"."""
    return "/".join(PurePosixPath(path).parts[:-1][:2]) or "."


def worse(found: Mapping[str, int], allowed: Mapping[str, int]) -> list[str]:
    """Return a sentence for each folder that has more findings than it may have."""
    return [
        f"{folder}: {number} findings, at most {allowed.get(folder, 0)} allowed; see `python -m scripts.words --list`"
        for folder, number in sorted(found.items())
        if number > allowed.get(folder, 0)
    ]


def _files() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py", "*.md", "docs/openapi.json"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [name for name in sorted(set(listed)) if not name.startswith(EXCEPT) and (ROOT / name).is_file()]


def main() -> int:
    """Compare, or write the numbers; return 1 when a folder has become worse."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="set the numbers to what is there now")
    parser.add_argument("--list", action="store_true", help="print every place")
    asked = parser.parse_args()
    places = [(name, *found) for name in _files() for found in findings(name, (ROOT / name).read_text())]
    found = Counter(folder_of(name) for name, _, _ in places)
    if asked.list:
        print("\n".join(f"{name}:{line}: {words}" for name, line, words in places))
    if asked.write:
        BASELINE.write_text(json.dumps(dict(sorted(found.items())), indent=2) + "\n")
    wrong = worse(found, json.loads(BASELINE.read_text()))
    print("\n".join(wrong) or f"{found.total()} places with words to replace, in no folder more than before")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
