"""Rewrite calls of `@job` and `ctx.enqueue` in files of an earlier version.

As a program: `python -m jobflow.project.rewriting [--check] FILE…`.

Only the arguments that have moved and the imports of their classes change; comments and layout stay. The positions that
`ast` gives are enough for these changes, so no library for concrete syntax trees is needed.
"""

import ast
import sys
import tokenize
from collections.abc import Collection, Iterator, Sequence
from io import BytesIO
from pathlib import Path

from chalicelib.job_types.moved import FORMER_TYPE, MOVED, Place

Span = tuple[int, int]
"""Start and end of a part of a file, in bytes."""
Edit = tuple[int, int, bytes]
"""A part of a file, and its replacement."""


class NotRewritten(Exception):
    """A person must change the file by hand; the message gives the reason."""


class Source:
    """A Python file: its text, its tree, and the positions of nodes in the text."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self.starts = [0]
        lines = text.splitlines(keepends=True)
        for line in lines:
            self.starts.append(self.starts[-1] + len(line))
        self.commas = [
            self.starts[token.start[0] - 1] + len(lines[token.start[0] - 1].decode()[: token.start[1]].encode())
            for token in tokenize.tokenize(BytesIO(text).readline)
            if token.exact_type == tokenize.COMMA
        ]

    def span(self, node: ast.alias | ast.keyword | ast.stmt | ast.expr) -> Span:
        """Return where a node begins and ends."""
        end = self.starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)
        return self.starts[node.lineno - 1] + node.col_offset, end

    def comma(self, begin: int, end: int) -> Span | None:
        """Return the first comma between two positions, if any; commas in comments do not count."""
        return next(((at, at + 1) for at in self.commas if begin <= at < end), None)

    def imports(self) -> Iterator[tuple[ast.ImportFrom, ast.alias]]:
        """Yield what the file imports from the library."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "chalicelib":
                yield from ((node, alias) for alias in node.names)

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Yield each call of `job`, with the prefix of the library's names in it: "" or "chalicelib."."""
        names = {
            (alias.asname or alias.name).replace("*", "job")
            for _, alias in self.imports()
            if alias.name in ("job", "*")
        }
        modules = {
            alias.asname or alias.name
            for node in ast.walk(self.tree) if isinstance(node, ast.Import)
            for alias in node.names if alias.name == "chalicelib"
        }  # fmt: skip
        for node in ast.walk(self.tree):
            match node:
                case ast.Call(func=ast.Name(id=name)) if name in names:
                    yield "", node
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="job")) if name in modules:
                    yield f"{name}.", node

    def former_types(self) -> Iterator[int]:
        """Yield the places where a call of a context's `enqueue` uses the former name of the argument `type`."""
        nodes = list(ast.walk(self.tree))
        contexts = {
            argument.arg
            for argument in nodes if isinstance(argument, ast.arg)
            if "JobContext" in ast.unparse(argument.annotation or ast.Constant(""))
        }  # fmt: skip
        for node in nodes:
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="enqueue")) if name in contexts:
                    yield from (self.span(given)[0] for given in node.keywords if given.arg == FORMER_TYPE)


def rewritten(text: bytes) -> bytes:
    """Return the text of a file with each setting at its new place. Raises NotRewritten, SyntaxError."""
    source = Source(text)
    edits: list[Edit] = []
    needed: set[str] = set()
    for prefix, call in source.calls():
        groups: dict[tuple[str, str], list[tuple[Place, Span]]] = {}
        for argument in call.keywords:
            if (place := MOVED.get(argument.arg or "")) is not None:
                groups.setdefault((place.setting, place.kind), []).append((place, source.span(argument)))
        for (setting, kind), members in groups.items():
            if setting in {argument.arg for argument in call.keywords}:
                raise NotRewritten(f"line {call.lineno}: {setting}= is given twice, under its new and its former name")
            edits.append((*members[0][1], _group(source, f"{setting}={prefix}{kind}", members)))
            needed |= set() if prefix else {kind}
        gone = {span for members in groups.values() for _, span in members[1:]}
        edits += [(begin, end, b"") for begin, end in _removed(source, call, gone)]
    edits += _imported(source, needed)
    edits += [(begin, begin + len(FORMER_TYPE), b"type") for begin in source.former_types()]
    for begin, end, new in sorted(edits, reverse=True):
        text = text[:begin] + new + text[end:]
    return text


def _group(source: Source, head: str, members: Sequence[tuple[Place, Span]]) -> bytes:
    values = [source.text[begin:end].partition(b"=")[2].strip() for _, (begin, end) in members]
    fields = [place.field.encode() + b"=" + value for (place, _), value in zip(members, values, strict=True)]
    return head.encode() + b"(" + b", ".join(fields) + b")"


def _removed(source: Source, call: ast.Call, gone: Collection[Span]) -> Iterator[Span]:
    """Yield the text to remove with arguments that are removed: their commas, and lines that would become empty."""
    every = sorted([*map(source.span, call.args), *map(source.span, call.keywords)])
    following = [*every[1:], (source.span(call)[1], 0)]
    commas = [source.comma(end, begin) for (_, end), (begin, _) in zip(every, following, strict=True)]
    ends_without = commas[-1:] == [None]
    found: list[Span] = []
    for number, span in reversed(list(enumerate(every))):
        ends_without = ends_without and span in gone
        comma = commas[number - 1] if ends_without else commas[number]
        found += [span, *([] if comma is None else [comma])] if span in gone else []
    runs: list[Span] = []
    for begin, end in sorted(found):
        joins = runs and not source.text[runs[-1][1] : begin].strip()
        runs.append((runs.pop()[0] if joins else begin, end))
    yield from (_trimmed(source.text, *run) for run in runs)


def _trimmed(text: bytes, begin: int, end: int) -> Span:
    line_begin, line_end = text.rfind(b"\n", 0, begin) + 1, (text + b"\n").find(b"\n", end)
    before, after = text[line_begin:begin], text[end:line_end]
    if before.strip():
        return begin - len(before) + len(before.rstrip(b" ")), end
    return (begin, end + len(after) - len(after.lstrip(b" "))) if after.strip() else (line_begin, line_end + 1)


def _imported(source: Source, needed: set[str]) -> Iterator[Edit]:
    """Import the needed classes, in ruff's order."""
    found = list(source.imports())
    main = next((node for node, _ in found if node.module == "chalicelib"), None)
    there = {alias.name for node, alias in found if node.module == "chalicelib" and alias.asname is None}
    missing = [] if "*" in there else sorted(needed - there)
    if taken := set(missing) & set(_bound(source.tree)):
        raise NotRewritten(f"{', '.join(sorted(taken))} has another meaning in this file")
    if missing and main is None:
        begin, _ = source.span(found[0][0])
        yield begin, begin, f"from chalicelib import {', '.join(missing)}\n".encode()
        return
    names = [] if main is None else main.names
    for name in missing:
        after = next((alias for alias in names if alias.name.islower() or alias.name > name), None)
        if after is None:
            _, end = source.span(names[-1])
            yield end, end, f", {name}".encode()
            continue
        begin, _ = source.span(after)
        indent = source.text[source.text.rfind(b"\n", 0, begin) + 1 : begin]
        yield begin, begin, name.encode() + (b", " if indent.strip() else b",\n" + indent)


def _bound(tree: ast.Module) -> Iterator[str]:
    """Yield each name to which the file assigns a value."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.alias(name=name, asname=asname):
                yield asname or name


def main(arguments: Sequence[str]) -> int:
    """Rewrite the files, or with --check only list them; return 1 if something has to be changed by hand."""
    only_check = "--check" in arguments
    left = False
    for path in (Path(argument) for argument in arguments if argument != "--check"):
        try:
            before = path.read_bytes()
            after = rewritten(before)
        except (NotRewritten, SyntaxError) as error:
            print(f"{path}: change it by hand: {error}")
            left = True
            continue
        if after != before:
            print(f"{path}: {'to be rewritten' if only_check else 'rewritten'}")
            left = left or only_check
            if not only_check:
                path.write_bytes(after)
    return int(left)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
