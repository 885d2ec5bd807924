"""Test that the parameters of a stage change its bill."""

import pytest

from infra.cloud.cost import bill
from infra.cloud.cost.calculation import ALONE, BATCHES, Line, per_million, total
from infra.cloud.cost.prices import ALLOWANCES, PRICES, UNCONFIRMED
from infra.cloud.cost.settings import SENDERS, TABLES, UNKNOWN, WITHOUT_PRICE, changed, lines, settings
from infra.cloud.errors import CloudError
from infra.definition.parameters import parameters
from tests.infra.cloud import large
from tests.support import built_in

TYPES = built_in()


def line(begin: str, **given: str) -> Line | None:
    """Return the line of a stage with these parameters whose name begins so."""
    found = [one for one in lines(TYPES, settings(given)) if one.what.startswith(begin)]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("begin", "given"),
    [
        ("KMS", {"KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k"}),
        ("SNS", {"AlarmEmail": "me@example.com"}),
        ("SNS", {"AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms"}),
        ("Write units, 1,000 sign-ins", {"SignInIssuer": "https://login.example.com"}),
        ("AWS WAF", {"WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/b"}),
    ],
)
def test_what_a_parameter_switches_on_is_on_the_bill(begin: str, given: dict[str, str]) -> None:
    assert line(begin) is None
    found = line(begin, **given)
    assert found is not None
    assert found.dollars > 0


def test_a_stage_without_a_console_has_no_cloudfront_and_no_firewall() -> None:
    assert line("CloudFront") is not None
    assert line("CloudFront", Dashboard="false") is None
    assert line("AWS WAF", Dashboard="false", WebAclArn="arn") is None
    assert "Open console" not in bill.report(TYPES, settings({"Dashboard": "false"}))


def test_logs_that_are_kept_longer_cost_more() -> None:
    short, long = line("Log GB", LogRetentionDays="30"), line("Log GB", LogRetentionDays="90")
    assert short is not None
    assert long is not None
    assert long.dollars == pytest.approx(3 * short.dollars)


def test_what_a_job_needs_follows_from_the_parameters() -> None:
    stage = settings({"RateLimitMax": "0", "AccessLogs": "false"})
    saved = total(per_million(settings().needs(ALONE))) - total(per_million(stage.needs(ALONE)))
    assert saved == pytest.approx(PRICES.write_unit + ALONE.of_one_job()["access_log_kb"] * PRICES.log_gb)
    assert settings().needs(BATCHES) == BATCHES.of_one_job()


def test_the_whole_report_is_for_the_given_parameters() -> None:
    text = bill.report(TYPES, settings({"ApiRate": "25", "IndexShardsRead": "16", "CursorSecret": 40 * "x"}))
    assert "a month at ApiRate=25" in text
    assert "The parameters of this stage: IndexShardsRead=16, ApiRate=25." in text
    assert text != bill.report(TYPES)
    assert changed(settings()) == []


def test_a_token_in_use_costs_its_last_uses() -> None:
    (written,) = [one for one in lines(TYPES, settings(), ALLOWANCES) if "last use" in one.what]
    assert written.amount == 24 * 30
    assert written.dollars == pytest.approx(24 * 30 * PRICES.write_unit / 1_000_000)


@pytest.mark.parametrize(
    "given",
    [
        {"Nope": "1"}, {"Dashboard": "maybe"}, {"ApiRate": "0"}, {"OtlpEndpoint": "http://collector.example.com/"},
        {"OtlpEndpoint": "https://collector:abc/v1"}, {"OtlpEndpoint": "https://collector:65536/v1"},
        {"OtlpEndpoint": "https://me:password@collector/v1"}, {"OtlpEndpoint": "https:///v1"},
        {"TraceUrl": "https://traces.example.com/without-a-place"},
    ],
)  # fmt: skip
def test_a_parameter_that_a_deployment_refuses_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(CloudError):
        settings(given)


PRICED = {
    "AccessLogs": "false",
    "AlarmEmail": "me@example.com",
    "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms",
    "ApiRate": "25",
    "Dashboard": "false",
    "IndexShardsRead": "16",
    "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k",
    "LogRetentionDays": "90",
    "OtlpEndpoint": "https://collector.example.com/v1/traces",
    "OtlpSecret": "jobflow/otlp",
    "RateLimitMax": "0",
    "SignInIssuer": "https://login.example.com",
    "WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/b",
}


def without_names(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("The parameters of this stage")]


def test_a_parameter_changes_the_bill_or_is_known_to_change_none() -> None:
    default = without_names(bill.report(TYPES))
    changing = {
        name for name, value in PRICED.items() if without_names(bill.report(TYPES, settings({name: value}))) != default
    }
    assert changing == PRICED.keys()
    assert changing | WITHOUT_PRICE | UNKNOWN == parameters().keys(), "say what a new parameter costs"


def part(text: str, begin: str) -> list[str]:
    """Return the lines that begin so."""
    return [line for line in text.splitlines() if line.startswith(begin)]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("IndexShardsRead", ["DynamoDB read units, watchdog", "Open console"]),
        ("AccessLogs", ["access_log_kb", "Open console", "a month at ApiRate", "JobFlow, under load"]),
        ("RateLimitMax", ["write_unit", "a wait for an event", "JobFlow, under load"]),
    ],
)
def test_a_parameter_changes_every_part_of_the_bill_that_it_concerns(name: str, parts: list[str]) -> None:
    before, after = bill.report(TYPES), bill.report(TYPES, settings({name: PRICED[name]}))
    for begin in parts:
        assert part(before, begin)
        assert part(before, begin) != part(after, begin), begin


def test_the_same_jobs_have_the_same_price_in_both_tables() -> None:
    stage = settings({"RateLimitMax": "0", "AccessLogs": "false"})
    (row,) = part(bill.report(TYPES, stage), "JobFlow, one by one")
    assert f"${total(per_million(stage.needs(ALONE))):.2f}" in row


def test_each_flood_is_told_once() -> None:
    for rate in ("25", "50", "200"):
        floods = part(bill.report(TYPES, settings({"ApiRate": rate})), "a month at ApiRate")
        assert len({line.split("  ")[0] for line in floods}) == len(floods)


def test_each_sender_of_a_queue_needs_its_own_data_keys() -> None:
    key = PRICED["KmsKeyArn"]
    few, more = (
        next(one for one in lines(large.types(count), settings({"KmsKeyArn": key})) if one.what.startswith("KMS req"))
        for count in (60, 61)
    )
    assert more.amount - few.amount == (TABLES + 2 * SENDERS + 1) * 12 * 24 * 30


def test_a_price_that_was_not_confirmed_has_a_star() -> None:
    everything = settings({name: value for name, value in PRICED.items() if name != "Dashboard"})
    marked = [one.what for one in lines(TYPES, everything) if one.what.endswith("*")]
    for begin in ("CloudFront requests", "KMS requests", "SNS messages", "SNS e-mails", "Log GB"):
        assert any(what.startswith(begin) for what in marked), begin
    assert not any(what.startswith(("KMS key", "AWS WAF")) for what in marked)
    assert all(hasattr(PRICES, name) for name in UNCONFIRMED)
    assert len(part(bill.report(TYPES), "* ")) == 1
