"""Test valid declarations, and the errors for wrong ones."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import BaseModel

import chalicelib
from chalicelib.entry.worker import consume
from chalicelib.errors import ConfigurationError
from chalicelib.job_types.access import Allow, AwsAccess, SecretPlace
from chalicelib.job_types.at_most import AtMost
from chalicelib.job_types.changes import Changes
from chalicelib.job_types.constants import SAFETY
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.exclusions import TABLE, Exclusion
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import BROUGHT, JobType, check_enqueues, has_own_alarms, job, registered
from chalicelib.job_types.lineage import Lineage
from chalicelib.job_types.moved import MOVED
from chalicelib.job_types.queue import Queue
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.schedule import Cron
from chalicelib.jobs.run_identity import run_name
from tests.chalicelib.api.support import only_types
from tests.support import a_job


class Note(BaseModel):
    text: str = "hello"


def _nothing(_: Note, __: JobContext) -> None:
    """Do nothing."""


def _untyped(payload, ctx):  # type: ignore[no-untyped-def]
    """A function without an annotation."""


def test_a_job_may_use_the_whole_timeout_unless_more_are_taken_at_once() -> None:
    assert JobType("test.note", _nothing, Note, timeout=60).job_budget == 60 - SAFETY
    assert JobType("test.note", _nothing, Note, timeout=60, function=Function(batch_size=10)).job_budget == 5.5
    assert (
        JobType("test.note", _nothing, Note, timeout=60, function=Function(batch_size=10, budget=20)).job_budget == 20
    )


NAMES, TAKES = r"email\.send", r"test\.note: .* \(payload, ctx\)"


@pytest.mark.parametrize(
    ("declaration", "function", "told"),
    [
        (job("test.note", timeout=5), _nothing, "^test.note: timeout must be between 6 and 900 seconds$"),
        (job("test.note", max_attempts=0), _nothing, "^test.note: max_attempts must be between 1 and 30$"),
        (
            job("test.note", timeout=30, function=Function(budget=30)),
            _nothing,
            "budget must be between 0.1 and 29 seconds",
        ),
        (job("test.note"), _untyped, TAKES),
        (job("test.note"), lambda: None, TAKES),
        *((job(name), _nothing, NAMES) for name in ("email", "Email.send", "email..send", "a_b", "a." + "b" * 39)),
    ],
)
def test_a_declaration_that_cannot_be_says_what_is_wrong(
    declaration: Callable[..., Any], function: Callable[..., Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        declaration(function)


@pytest.mark.parametrize("setting", ["retry", "unique", "pause_when", "function", "access", "changes"])
def test_a_group_of_another_kind_says_which_it_is(setting: str) -> None:
    wrong = cast("Any", {setting: {"memory": 5}})
    with pytest.raises(ConfigurationError, match=rf"^test.note: {setting} is \w+\(…\).*, not \{{'memory': 5\}}$"):
        job("test.note", **wrong)(_nothing)


@pytest.mark.parametrize("setting", MOVED)
def test_a_former_setting_is_refused_with_its_new_place(setting: str) -> None:
    place, seven = MOVED[setting], cast("Any", {setting: 7})
    written = re.escape(f"{setting}= is now {place.setting}={place.kind}({place.field}=7)")
    with pytest.raises(ConfigurationError, match=written):
        job("test.note", **seven)
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        job("test.note", colour="red")  # type: ignore[arg-type]
    kind = getattr(chalicelib, place.kind)
    assert place.field in inspect.signature(kind).parameters
    assert place.setting in inspect.signature(job).parameters


def test_a_value_that_is_long_or_may_be_private_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match=r"environment= is now access=AwsAccess\(environment=…\)"):
        job("test.note", environment={"KEY": "sesame"})  # type: ignore[arg-type]


VALUES: dict[str, Any] = {
    "serial_by": "text", "fair_by": "text", "rate": Rate(1), "pause_when": Failing(),
    "function.window": {"function": Function(window=5)}, "queue": Queue("notes"), "function": Function(memory=256),
    "function.threads": {"function": Function(batch_size=4, threads=4)},
    "access": AwsAccess(grants=("ses:SendEmail",)), "calls": ("test.other",), "limits": [AtMost(1)],
    "urgent": True,
}  # fmt: skip


@pytest.mark.parametrize("row", TABLE)
def test_settings_that_exclude_each_other_are_refused_with_the_reason(row: Exclusion) -> None:
    given: dict[str, Any] = {}
    for setting in (row.setting, row.other):
        given |= VALUES[setting] if "." in setting else {setting: VALUES[setting]}
    with pytest.raises(ConfigurationError, match=f"{row.setting} does not go with {row.other}: {row.reason}"):
        job("test.note", **given)(_nothing)


def test_an_id_tells_parent_run_type_and_key_apart() -> None:
    one = Lineage("p", "p:1", "p")
    assert one.child_id("a.b", "k") == Lineage("p", "p:1", "r").child_id("a.b", "k")
    ids = {
        one.child_id("a.b", "k"),
        one.child_id("a.b", "l"),
        one.child_id("a.c", "k"),
        Lineage("p", "p:2", "p").child_id("a.b", "k"),
        Lineage("q", "q:1", "p").child_id("a.b", "k"),
    }
    assert len(ids) == 5


def test_the_root_is_the_first_of_the_line() -> None:
    first = a_job()
    second = a_job(parent=first.id, root=Lineage.of(first).root)
    assert Lineage.of(second) == Lineage(second.id, run_name(second), first.id)


def test_what_jobflow_brings_is_what_its_own_files_declare() -> None:
    here = Path(__file__).parents[3]
    files = [path for folder in ("handlers", "chalicelib/entry/optional") for path in here.glob(f"{folder}/[!_]*.py")]
    assert {path.stem.replace("_", ".") for path in files} == BROUGHT


def test_a_type_that_no_file_declares_or_that_is_no_name_cannot_be_named() -> None:
    kind: JobType[Note, None] = JobType("a.a", lambda _payload, _ctx: None, Note, enqueues=("no.such",))
    with pytest.raises(ConfigurationError, match=r"a\.a: enqueues names no\.such, which no file declares"):
        check_enqueues({"a.a": kind})
    mail: JobType[Note, None] = JobType("a.a", lambda _payload, _ctx: None, Note, enqueues=("email.send",))
    with pytest.raises(ConfigurationError, match=r'name it in jobflow.toml, as builtin = \["email.send"\]'):
        check_enqueues({"a.a": mail})
    with only_types(), pytest.raises(ConfigurationError, match=r"a\.a: enqueues: 'bb' is not the name of a job type"):

        @job("a.a", enqueues=("bb",))
        def _a(payload: Note, ctx: object) -> None: ...


WRONG: dict[str, Any] = {
    "schedule is Cron": {"schedule": "0 6 * * *"},
    "cron text is a text": {"schedule": Cron(cast("Any", 5))},
    "rate is Rate": {"rate": 5},
    "rate is Rate(n, per), or": {"rate": "1/s"},
    "fair_by is the name of a field": {"fair_by": 5},
    "enqueues is a list": {"enqueues": "email.send"},
    "enqueues is a list of": {"enqueues": 5},
    "enqueues: 5 is not the name": {"enqueues": (5,)},
    "on_end: 'A B' is not the name": {"on_end": "A B"},
    "on_end: 5 is not the name": {"on_end": 5},
}


@pytest.mark.parametrize("told", WRONG)
def test_a_setting_of_another_kind_is_refused_when_the_file_is_imported(told: str) -> None:
    with only_types(), pytest.raises(ConfigurationError, match=f"^test.note: .*{re.escape(told)}"):
        job("test.note", **WRONG[told])(_nothing)


def test_the_longest_name_is_told() -> None:
    with only_types(), pytest.raises(ConfigurationError, match="up to 40 characters"):
        job("a." + "b" * 39)(_nothing)


def test_a_decorator_without_its_name_and_a_function_without_its_decorator_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="_nothing: @job needs the name of the job type: write @job"):
        job(cast("Any", _nothing))
    with pytest.raises(ConfigurationError, match="_nothing is not a job type"):
        consume(cast("Any", _nothing))


ORDERS = "arn:aws:dynamodb:*:*:table/orders"
LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:fonts:3"


@pytest.mark.parametrize(
    ("actions", "resources", "told"),
    [
        ("*", ORDERS, r"\* allows everything"),
        ("dynamodb:*", ORDERS, r"dynamodb:\* allows everything"),
        ("dynamodb:GetItem", "*", r"\* allows everything"),
        ("s3:GetObject", "arn:aws:s3:::*", r"arn:aws:s3:::\* allows everything; name actions and resources"),
        (["dynamodb:GetItem", "getitem"], ORDERS, "'getitem'"),
        ("dynamodb:GetItem", [ORDERS, "orders"], "'orders'"),
        ([], ORDERS, "at least one action"),
        ("dynamodb:GetItem", (), "one resource"),
    ],
)
def test_a_statement_that_is_wrong_or_too_wide_says_so(actions: Any, resources: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Allow(actions, resources)


def test_a_wildcard_with_a_reason_is_taken_and_can_be_listed() -> None:
    allow = Allow(["s3:ListAllMyBuckets", "s3:*"], "*", unsafe_wildcard="S3 lists buckets for everything only")
    assert allow.wildcards == ("s3:*", "*")
    assert Allow("dynamodb:Get*", ORDERS).wildcards == ()


@pytest.mark.parametrize(
    ("group", "wrong", "told"),
    [
        (AwsAccess, {"environment": {"A B": "1"}}, "environment: 'A B'"),
        (AwsAccess, {"environment": {"AWS_REGION": "x"}}, "environment: AWS_REGION is a name that Lambda sets"),
        (AwsAccess, {"environment": {"N": 1}}, "environment: N must be a text"),
        (AwsAccess, {"environment": "N=1"}, r'environment is a mapping, such as \{"NAME": "…"\}'),
        (AwsAccess, {"secrets": {"KEY": "has space"}}, "secrets: 'has space'"),
        (AwsAccess, {"grants": [7]}, "grants: 7 is neither a text .* nor Allow"),
        (AwsAccess, {"grants": ["s3:*"]}, r"grants: 's3:\*' is not a grant; write service:Action:where"),
        (AwsAccess, {"grants": ["s3"]}, "grants: 's3' is not a grant"),
        (AwsAccess, {"grants": "ses:SendEmail"}, r"grants is a list: write \('ses:SendEmail',\)"),
        (Function, {"memory": 127}, "memory must be between 128 and 10240 MB"),
        (Function, {"memory": "512"}, "memory must be a whole number between 128 and 10240 MB"),
        (Function, {"batch_size": 11}, "batch_size must be between 1 and 10"),
        (Function, {"window": 301}, "window must be between 0 and 300 seconds"),
        (Function, {"concurrency": 0}, "concurrency must be between 2 and 1000"),
        (Function, {"concurrency": 1}, "concurrency must be 2 or more: .* give serial_by="),
        (Function, {"layers": ["fonts"]}, "layers is a list of ARNs of layer versions, and 'fonts' is none"),
        (Function, {"layers": LAYER}, "layers is a list of ARNs"),
        (Function, {"layers": [LAYER] * 6}, "layers: .* 5"),
        (Function, {"ephemeral_storage": 511}, "ephemeral_storage must be between 512 and 10240 MB"),
        (Function, {"vpc": "subnet-1"}, "vpc must"),
        (Changes, {"upgrade": 5}, "upgrade must"),
        (Changes, {"retired": "yes"}, "retired must"),
        (Changes, {"smoke": "hello"}, "smoke must"),
    ],
)
def test_what_aws_would_refuse_or_cannot_be_names_the_setting(group: type, wrong: dict[str, Any], told: str) -> None:
    setting = "access" if group is AwsAccess else group.__name__.lower()
    with pytest.raises(ConfigurationError, match=f"^{setting}: {told}"):
        group(**wrong)


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("billing/key", ("secretsmanager", "billing/key")),
        ("{stage}/billing", ("secretsmanager", "prod/billing")),
        ("ssm:/billing/{stage}/url", ("ssm", "/billing/prod/url")),
        (
            "arn:aws:secretsmanager:eu-west-1:1:secret:a-b1c2d3",
            ("secretsmanager", "arn:aws:secretsmanager:eu-west-1:1:secret:a-b1c2d3"),
        ),
        ("arn:aws:ssm:eu-west-1:1:parameter/a", ("ssm", "arn:aws:ssm:eu-west-1:1:parameter/a")),
    ],
)
def test_a_secret_is_in_one_of_two_stores(written: str, place: tuple[str, str]) -> None:
    assert SecretPlace.of(written, "prod") == SecretPlace(*place)


def test_a_type_may_be_imported_while_another_thread_asks_about_the_types() -> None:
    with only_types():
        kind = job("test.note")(_nothing)

        class Importing:
            function = kind.function

            @property
            def queue_key(self) -> str:
                registered["test.late"] = kind
                return "test.other"

        registered["test.importing"] = cast("JobType[Any, Any]", Importing())
        assert not has_own_alarms("test.note")
