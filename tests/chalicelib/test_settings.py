"""Test the environment: it is read once and checked; an error names the variable."""

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.jobs.listing import write_cursor
from chalicelib.jobs.port import Filter
from chalicelib.settings import Settings


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("MAIL_DOMAINS", "a.b, C.d,", "mail_domains", ("a.b", "c.d")),
        ("MAIL_DAILY_CAP", "200", "mail_daily_cap", 200),
        ("INDEX_SHARDS", "8", "index_shards", 8),
        ("JITTER", "none", "jitter", "none"),
        ("JOBFLOW_FAULT_RATE", "0.3", "fault_rate", 0.3),
        ("RATE_LIMIT_MAX", "0", "rate_limit_max", 0),
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
    # the other functions run without the secret, so none of them can write a cursor with a known secret
    without = Settings.from_env({"STAGE": "prod"})
    with pytest.raises(ConfigurationError, match="CURSOR_SECRET"):
        write_cursor("x", Filter(), without.cursor_secret)
    assert Settings.from_env({"STAGE": "prod", "CURSOR_SECRET": "s"}).cursor_secret == "s"
