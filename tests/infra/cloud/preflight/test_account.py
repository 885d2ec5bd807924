"""Test what preflight reports about quotas, permissions and mail in an account, with a solution for each problem."""

from collections.abc import Callable, Sequence
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.job_types import jobtype
from infra.cloud.account import Account
from infra.cloud.preflight import key, rights, room, sending
from infra.cloud.preflight.asking import Asking
from tests.infra.cloud.support import lines

TYPES = jobtype.load()
REGION = "us-east-1"
Answers = dict[str, list[tuple[str, dict[str, Any] | str]]]
Told = Callable[[Answers], Asking]


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Send requests to an account that gives these answers; a text is the code of an error."""

    def make(answers: Answers) -> Asking:
        clients, session = {}, boto3.Session("x", "x", region_name=REGION)
        for service, given in answers.items():
            clients[service] = session.client(service)  # type: ignore[call-overload]
            stub = Stubber(clients[service])
            for operation, answer in given:
                if isinstance(answer, str):
                    stub.add_client_error(operation, answer)
                else:
                    stub.add_response(operation, answer)
            stub.activate()
        monkeypatch.setattr(Account, "client", lambda _, service, **__: clients[service])
        return Asking(Account(session, "123456789012", REGION))

    return make


def lambda_stores(used: int, most: int = 75_000_000_000) -> tuple[str, dict[str, Any]]:
    return "get_account_settings", {"AccountLimit": {"TotalCodeSize": most}, "AccountUsage": {"TotalCodeSize": used}}


def test_each_quota_that_is_used_up_is_named_and_no_other(asking: Told) -> None:
    roomy: Answers = {
        "lambda": [lambda_stores(1_000_000_000)],
        "iam": [("get_account_summary", {"SummaryMap": {"Roles": 20, "RolesQuota": 1000}})],
        "events": [("list_rules", {"Rules": [{"Name": "x"}]})],
    }
    assert lines(room.quotas(asking(roomy), room.Needs(8), new=True)) == []
    assert lines(room.quotas(asking({"lambda": [lambda_stores(0)]}), room.Needs(8), new=False)) == []
    answers: Answers = {
        "lambda": [lambda_stores(74_900_000_000)],
        "iam": [("get_account_summary", {"SummaryMap": {"Roles": 995, "RolesQuota": 1000}})],
        "events": [("list_rules", {"Rules": [{"Name": f"r{n}"} for n in range(299)]})],
    }
    storage, roles, rules = lines(room.quotas(asking(answers), room.Needs(8), new=True))
    assert "stores 74,900 of 75,000 MB; this deployment needs up to 384 MB" in storage
    assert roles.startswith("Stop (roles): IAM has 995 of 1,000 roles; the stack needs 8 more")
    assert "299 rules of 300" in rules


def test_a_question_that_is_refused_is_remembered_and_no_error(asking: Told) -> None:
    asked = asking({"lambda": [("get_account_settings", "AccessDenied")]})
    assert lines(room.quotas(asked, room.Needs(8), new=False)) == []
    assert asked.refused == {"code storage": "AccessDenied"}


@pytest.mark.parametrize(("number", "told"), [(0, 1), (2, 0)])
def test_an_account_without_a_distribution_is_warned(asking: Told, number: int, told: int) -> None:
    listed = {"Marker": "", "MaxItems": 1, "IsTruncated": False, "Quantity": number}
    found = lines(room.cloudfront(asking({"cloudfront": [("list_distributions", {"DistributionList": listed})]})))
    assert len(found) == told
    assert all('SET="Dashboard=false"' in line for line in found)


def sends(rate: float, production_access: bool = True, sent: float = 0, enabled: bool = True) -> Answers:
    quota = {"Max24HourSend": 50_000.0, "MaxSendRate": rate, "SentLast24Hours": sent}
    return {"sesv2": [("get_account", {"ProductionAccessEnabled": production_access, "SendingEnabled": enabled,
                                       "SendQuota": quota})]}  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (sends(100.0), []),
        (sends(14.0), ["SES takes 14 mails a second, and up to 20 workers"]),
        (sends(100.0, production_access=False), ["in the SES sandbox in us-east-1: email.send reaches verified"]),
        (sends(100.0, sent=45_000), ["45,000 of the 50,000 mails"]),
        (sends(100.0, enabled=False), ["SES has stopped this account"]),
    ],
)
def test_what_ses_allows(asking: Told, answers: Answers, told: list[str]) -> None:
    found = lines(sending.findings(sending.look(asking(answers), TYPES), TYPES, REGION, 0))
    assert len(found) == len(told)
    assert all(part in line for part, line in zip(told, found, strict=True))


def test_ses_is_not_asked_when_no_type_sends(asking: Told) -> None:
    assert sending.look(asking({}), []) is None
    assert lines(sending.findings(None, [], REGION, 0)) == []


@pytest.mark.parametrize(("mail_rate", "told"), [(0, True), (14, False), (8, False), (7, True), (15, True)])
def test_a_stage_that_may_send_faster_than_ses_takes_it_is_told_its_rate(
    asking: Told, mail_rate: float, told: bool
) -> None:
    found = lines(sending.findings(sending.look(asking(sends(14.0)), TYPES), TYPES, REGION, mail_rate))
    assert ['SET="MailRate=14"' in line for line in found] == ([True] if told else [])


@pytest.mark.parametrize(
    ("answers", "named", "new", "chosen"),
    [
        (sends(14.0), (), True, {"MailRate": "14"}),
        (sends(14.9), (), True, {"MailRate": "14"}),
        (sends(14.0), ("MailRate",), True, {}),
        (sends(14.0), (), False, {}),
        (sends(20.0), (), True, {}),
        (sends(0.0), (), True, {}),
        (sends(1.0, production_access=False), (), True, {}),
        ({"sesv2": [("get_account", "AccessDenied")]}, (), True, {}),
    ],
    ids=["as SES says", "whole", "named", "a stage that is there", "enough for all workers", "none", "sandbox", "?"],
)
def test_a_first_deployment_sends_as_fast_as_ses_takes_it(
    asking: Told, answers: Answers, named: tuple[str, ...], new: bool, chosen: dict[str, str]
) -> None:
    assert sending.defaults(sending.look(asking(answers), TYPES), TYPES, named, new=new) == chosen


USER = "arn:aws:iam::123456789012:user/ada"
SESSION = "arn:aws-us-gov:sts::123456789012:assumed-role/deployer/ada"
KEY = f"arn:aws:kms:{REGION}:123456789012:key/1f2e"


@pytest.mark.parametrize(
    ("denied", "more", "told"),
    [
        ((), {}, None),
        (rights.NEEDED[:1], {}, "arn:aws-us-gov:iam::123456789012:role/deployer may not do apigateway:POST"),
        ((rights.TO_SHIFT,), {"shifts": True}, "may not do codedeploy:CreateApplication"),
        (rights.WITH_A_KEY, {"key": KEY}, "may not do kms:CreateGrant, kms:Decrypt, kms:DescribeKey"),
    ],
    ids=["none", "any stage", "one that shifts", "one with a key"],
)
def test_rights_that_are_missing_are_named(
    asking: Told, denied: Sequence[str], more: dict[str, Any], told: str | None
) -> None:
    actions = dict.fromkeys((*rights.NEEDED, *denied))
    results = (
        {"EvaluationResults": [{"EvalActionName": one, "EvalDecision": "implicitDeny" if one in denied else "allowed"}]}
        for one in actions
    )
    answers: Answers = {"iam": [("simulate_principal_policy", result) for result in results]}
    found = lines(rights.findings(asking(answers), SESSION, REGION, "jobflow-prod", **more))
    assert [(told or "?") in line and "deployer-policy.json" in line for line in found] == [True] * bool(told)


def test_who_may_not_ask_about_rights_is_told_nothing(asking: Told) -> None:
    asked = asking({"iam": [("simulate_principal_policy", "AccessDenied")]})
    assert lines(rights.findings(asked, USER, REGION, "jobflow-prod")) == []
    assert asked.refused == {}
    assert lines(rights.findings(asking({}), "arn:aws:iam::123456789012:root", REGION, "jobflow-prod")) == []


POLICY = f'{{"Statement": [{{"Principal": {{"Service": "logs.{REGION}.amazonaws.com"}}}}]}}'


def a_key(policy: str = POLICY, **more: str) -> Answers:
    about = {"KeyId": "1f2e", "KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT"}
    answers: Answers = {"kms": [("describe_key", {"KeyMetadata": about | more})]}
    answers["kms"].append(("get_key_policy", {"Policy": policy} if policy else "AccessDeniedException"))
    return answers


@pytest.mark.parametrize(
    ("arn", "answers", "told"),
    [
        ("", {}, None),
        (KEY, a_key(), None),
        (KEY, a_key(policy=""), None),
        (KEY, a_key(policy="{}"), f"does not name logs.{REGION}.amazonaws.com"),
        (KEY, a_key(KeyState="PendingDeletion"), "is PendingDeletion, not Enabled"),
        (KEY, a_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048"), "is RSA_2048 for SIGN_VERIFY"),
        (KEY, {"kms": [("describe_key", "NotFoundException")]}, "There is no key"),
        (KEY.replace(REGION, "eu-west-1"), {}, "is a key of eu-west-1"),
        ("alias/data", {}, "an alias does not do"),
    ],
    ids=["none", "right", "unread", "logs", "deleted", "signs", "missing", "elsewhere", "alias"],
)
def test_a_key_of_ones_own_is_looked_at(asking: Told, arn: str, answers: Answers, told: str | None) -> None:
    found = lines(key.findings(asking(answers), arn, REGION))
    assert [told in line for line in found if told] == [True] * len(found)
    assert bool(found) is (told is not None)
