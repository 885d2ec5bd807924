"""The environment: read once, checked, and told apart when it is wrong."""

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.jobs.listing import write_cursor
from chalicelib.jobs.port import Filter
from chalicelib.settings import Settings


def test_an_empty_environment_is_development() -> None:
    settings = Settings.from_env({})
    assert (settings.stage, settings.region, settings.rate_limit_max, settings.rate_limit_window) == (
        "dev", "us-east-1", 60, 60,
    )  # fmt: skip
    assert (settings.jitter, settings.fault_rate, settings.partial_batch) == ("full", 0.0, False)


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("JOBS_TABLE", "t", "jobs_table", "t"),
        ("CONTROL_TABLE", "t", "control_table", "t"),
        ("QUEUE_URL_PREFIX", "http://q/", "queue_url_prefix", "http://q/"),
        ("FILES_BUCKET", "b", "files_bucket", "b"),
        ("MAIL_FROM", "a@b.c", "mail_from", "a@b.c"),
        ("MAIL_DOMAINS", "a.b, C.d,", "mail_domains", ("a.b", "c.d")),
        ("MAIL_DAILY_CAP", "200", "mail_daily_cap", 200),
        ("MAIL_RATE", "14", "mail_rate", 14),
        ("INDEX_SHARDS", "8", "index_shards", 8),
        ("INDEX_SHARDS_READ", "64", "index_shards_read", 64),
        ("CORS_ORIGIN", "https://x", "cors_origin", "https://x"),
        ("JITTER", "none", "jitter", "none"),
        ("JOBFLOW_FAULT_RATE", "0.3", "fault_rate", 0.3),
        ("RATE_LIMIT_MAX", "0", "rate_limit_max", 0),
        ("RATE_LIMIT_WINDOW", "1", "rate_limit_window", 1),
        ("READ_UNITS_MAX", "0", "read_units_max", 0),
        ("LOG_LEVEL", "DEBUG", "log_level", "DEBUG"),
        ("PARTIAL_BATCH", "1", "partial_batch", True),
        ("PARTIAL_BATCH", "0", "partial_batch", False),
        ("AWS_REGION", "eu-west-1", "region", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "eu-west-2", "region", "eu-west-2"),
    ],
)
def test_a_name_sets_its_field(name: str, value: str, field: str, expected: object) -> None:
    assert getattr(Settings.from_env({name: value}), field) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_LIMIT_MAX", "-1"), ("RATE_LIMIT_MAX", "many"), ("RATE_LIMIT_MAX", ""), ("RATE_LIMIT_MAX", "nan"),
        ("RATE_LIMIT_WINDOW", "0"), ("RATE_LIMIT_WINDOW", "3601"), ("JOBFLOW_FAULT_RATE", "1.1"), ("JITTER", "half"),
        ("MAIL_DAILY_CAP", "-1"), ("MAIL_RATE", "501"), ("MAIL_DAILY_CAP", "some"),
        ("INDEX_SHARDS", "5"), ("INDEX_SHARDS", "2"), ("INDEX_SHARDS_READ", "128"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_env({name: value})


def test_outside_development_cursors_need_a_secret() -> None:
    with pytest.raises(ConfigurationError, match="CURSOR_SECRET"):
        Settings.from_env({"STAGE": "prod", "CURSOR_SECRET": "development"})
    # the other functions run without it, and none of them can write a cursor that anybody may forge
    without = Settings.from_env({"STAGE": "prod"})
    with pytest.raises(ConfigurationError, match="CURSOR_SECRET"):
        write_cursor("x", Filter(), without.cursor_secret)
    assert Settings.from_env({"STAGE": "prod", "CURSOR_SECRET": "s"}).cursor_secret == "s"


def test_without_an_argument_it_is_the_process_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_TABLE", "from-the-process")
    assert Settings.from_env().jobs_table == "from-the-process"
