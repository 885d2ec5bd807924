"""Check that files of an earlier version are rewritten to the grouped settings of `@job`, and declare the same type."""

import ast
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.job_types.jobtype import JobType, registered
from chalicelib.job_types.moved import MOVED
from jobflow.project.rewriting import NotRewritten, main, rewritten

BODY = '''

class Note(BaseModel):
    """A payload: ünïcode."""

    text: str = "hello"
'''
OLD = f'''"""A type with every setting that moved."""

from pydantic import BaseModel

from chalicelib import (
    Allow,  # for the table
    JobContext,
    Rate,
    consume,
    job,
)
{BODY}

@job(
    "test.note",  # the näme
    timeout = 90, memory = (1024),
    # why so many
    batch_size=5, budget=9.5,  # seconds
    window=2,
    rate=Rate(14), concurrency=7, vpc=True,
    layers=["arn:aws:lambda:eu-west-1:123456789012:layer:fonts:3"],
    ephemeral_storage=1024,  # MB
    grants=(
        "ses:SendEmail",  # the receipt
        Allow("dynamodb:GetItem", "arn:aws:dynamodb:*:*:table/orders"),
    ),
    environment={{
        "ÄRGER"[1:]: "é",  # not a secret
    }},
    secrets={{"KEY": "{{stage}}/key"}},
    delays=(5, 60), give_up_after=3600,
    upgrade=lambda payload: {{**payload, "text": "x, y=1)"}}, retired=False,
    unique_for=3600,
    unique_by=("text",),
    smoke={{"text": "one"}})
def test_note(payload: Note, ctx: JobContext) -> str:
    """Do nothing."""
    return payload.text


handler = consume(test_note)
'''
SHORT = f"""from pydantic import BaseModel
from chalicelib import JobContext, consume, job
{BODY}
def test_note(payload: Note, ctx: JobContext) -> str: return payload.text
test_note = job("test.note", ARGUMENTS)(test_note)
"""


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    registered.pop("test.note", None)


def declared(text: str) -> JobType[Any, Any]:
    """Run the text of a file; return the type that it declares."""
    module = types.ModuleType("test_note")
    exec(compile(text, "test_note.py", "exec"), vars(module))  # noqa: S102 - the test's own text
    return registered["test.note"]


def changed(text: str) -> str:
    return rewritten(text.encode()).decode()


def test_every_setting_moves_and_the_type_is_the_same() -> None:
    given = {
        keyword.arg for node in ast.walk(ast.parse(OLD)) if isinstance(node, ast.Call) for keyword in node.keywords
    }
    assert given >= set(MOVED), "the file above has them all"
    kind = declared(changed(OLD))
    own, access = kind.function, kind.access
    assert (own.memory, own.batch_size, own.budget, own.window, own.concurrency) == (1024, 5, 9.5, 2, 7)
    assert (own.vpc, len(own.layers), own.ephemeral_storage) == (True, 1, 1024)
    assert (len(access.grants), access.environment, access.secrets) == (2, {"RGER": "é"}, {"KEY": "{stage}/key"})
    assert (kind.retry.latest(1), kind.retry.latest(9), kind.max_attempts, kind.give_up_after) == (5, 60, 3, 3600)
    assert kind.unique is not None
    assert (kind.unique.by, kind.unique.seconds) == (("text",), 3600)
    assert kind.changes.upgrade is not None
    assert kind.changes.upgrade({}) == {"text": "x, y=1)"}
    assert (kind.changes.retired, kind.changes.smoke, kind.timeout) == (False, {"text": "one"}, 90)


def test_what_is_not_an_argument_that_moved_stays_and_a_second_time_changes_nothing() -> None:
    new = changed(OLD)
    comments = [line.partition("#")[2] for line in OLD.splitlines() if "#" in line]
    assert [comment for comment in comments if comment not in new] == []
    assert (
        new.partition("@job(")[0]
        .replace("    AwsAccess,\n    Changes,\n    Delays,\n    Function,\n", "")
        .replace("    Unique,\n", "")
        == OLD.partition("@job(")[0]
    )
    assert new.partition("def test_note")[2] == OLD.partition("def test_note")[2]
    assert changed(new) == new


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ("memory=512", "function=Function(memory=512)"),
        ("memory=512, window=1", "function=Function(memory=512, window=1)"),
        ("memory=5,\n # s\n window=1, layers=()", "function=Function(memory=5, window=1, layers=())\n # s\n "),
        ("memory=512, timeout=9, window=1,", "function=Function(memory=512, window=1), timeout=9,"),
        ("memory=5, retired=True, window=1", "function=Function(memory=5, window=1), changes=Changes(retired=True)"),
        ("memory=512,\n    window=1)\n(", "function=Function(memory=512, window=1))\n("),
        ("memory=512,\n    window=1,  # s\n", "function=Function(memory=512, window=1),\n    # s\n"),
        ("**{}, memory=512", "**{}, function=Function(memory=512)"),
        ("timeout=9", "timeout=9"),
    ],
)  # fmt: skip
def test_the_layout_around_them_stays(arguments: str, wanted: str) -> None:
    old = SHORT.replace("ARGUMENTS", arguments)
    new = changed(old)
    assert SHORT.partition("job(")[2].replace("ARGUMENTS", wanted) in new
    ast.parse(new)


@pytest.mark.parametrize(
    ("imports", "called", "head"),
    [
        ("import chalicelib as c", "c.job", "import chalicelib as c\n"),
        ("from chalicelib import job as declare", "declare", "from chalicelib import Function, job as declare\n"),
        ("from chalicelib import Allow, Rate, job", "job", "from chalicelib import Allow, Function, Rate, job\n"),
        ("from chalicelib import *", "job", None),
        (
            "from chalicelib.job_types.jobtype import job",
            "job",
            "from chalicelib import Function\nfrom chalicelib.job_types",
        ),
        ("def job(*_, **__): return None", "job", None),
    ],
)
def test_the_classes_are_imported_where_job_is(imports: str, called: str, head: str | None) -> None:
    old = f'{imports}\n{called}("a.b", memory=512)\n'
    new = changed(old)
    assert new.startswith(imports if head is None else head)
    names: dict[str, Any] = {}
    exec(new, names)  # noqa: S102 - the test's own text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from chalicelib import job\njob('a.b', function=1, memory=2)\n", "line 2: function= is given twice"),
        ("from chalicelib import job\nclass Function: ...\njob('a.b', memory=2)\n", "Function has another meaning"),
    ],
)
def test_what_would_come_out_wrong_is_left_to_a_person(text: str, told: str) -> None:
    with pytest.raises(NotRewritten, match=told):
        changed(text)


def test_files_are_only_named_when_it_is_a_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, broken = tmp_path / "old.py", tmp_path / "new.py", tmp_path / "broken.py"
    old.write_text(OLD)
    new.write_text(changed(OLD))
    assert main(["--check", str(old), str(new)]) == 1
    assert (capsys.readouterr().out, old.read_text()) == (f"{old}: to be rewritten\n", OLD)
    assert main([str(old), str(new)]) == 0
    assert (capsys.readouterr().out, old.read_text()) == (f"{old}: rewritten\n", new.read_text())
    broken.write_text("@job(")
    assert main([str(broken)]) == 1
    assert "broken.py: change it by hand" in capsys.readouterr().out


def test_the_former_name_of_a_type_is_rewritten_where_a_context_makes_a_job() -> None:
    text = """from chalicelib import JobContext, job
import chalicelib


def one(payload: object, ctx: JobContext, queue: object) -> None:
    # é
    ctx.enqueue(key="a", job_type = "b.c", payload={"job_type": 1})
    queue.enqueue(job_type="mine")


def two(payload: object, context: "chalicelib.JobContext") -> None:
    context.enqueue(job_type="b.c", payload={}, key="a")
""".encode()
    after = rewritten(text)
    assert after == text.replace(b'job_type = "b.c"', b'type = "b.c"').replace(b'job_type="b.c"', b'type="b.c"')
    assert rewritten(after) == after
