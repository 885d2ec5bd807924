"""Check rules for the whole stack, in the packaged template after the SAM transform."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import SPARE_RECEIVES
from chalicelib.pausing.event_sources import mapping_key
from infra.cloud.package.build import Package
from infra.cloud.package.shift import shifted
from infra.cloud.package.translate import CODE, translate, with_code
from infra.cloud.stack.monitoring import TRIGGERS
from infra.definition.iam.permissions import EVERY_TYPE
from infra.definition.lambdas import tracing
from infra.definition.lambdas.environment import API_ONLY, BY_FUNCTION, WATCHDOG_ONLY, environment
from infra.definition.names import logical
from infra.definition.web.site import origin
from tests.infra.cloud.support import decided, linted, of_type


def statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return every statement that allows something, with the logical id of its resource."""
    for name, role in of_type(template, "AWS::IAM::Role").items():
        assert not role.get("ManagedPolicyArns"), name
        for policy in role.get("Policies", []):
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])
    for kind in ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"):
        for name, policy in of_type(template, kind).items():
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_the_linter_takes_the_template_before_and_after_the_transform(package: Package, sam: dict[str, Any]) -> None:
    assert linted(package.template.read_text()) == []
    # the linter does not read a SAM function's events: here they are mappings, and the API is also behind aliases
    shifting = shifted(with_code(sam, CODE), {"ShiftTraffic": "true"}, "jobflow-prod", TRIGGERS)
    assert linted(json.dumps(translate(shifting)), "eu-central-1") == []


def test_failed_messages_are_reported_and_concurrency_is_bounded(template: dict[str, Any]) -> None:
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping").values()
    assert len(mappings) == len(jobtype.load()) + 2  # the counters, and what follows from ends
    for mapping in mappings:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        if "StartingPosition" not in mapping:
            assert 2 <= mapping["ScalingConfig"]["MaximumConcurrency"] <= 1000


def test_queue_hides_a_message_for_six_timeouts(template: dict[str, Any]) -> None:
    functions, queues = of_type(template, "AWS::Lambda::Function"), of_type(template, "AWS::SQS::Queue")
    for mapping in of_type(template, "AWS::Lambda::EventSourceMapping").values():
        if "StartingPosition" in mapping:
            continue
        queue = queues[mapping["EventSourceArn"]["Fn::GetAtt"][0]]
        function = functions[mapping["FunctionName"]["Ref"]]
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"] + mapping["MaximumBatchingWindowInSeconds"]


def test_queue_redrives_to_a_queue_that_keeps_longer(template: dict[str, Any]) -> None:
    queues = of_type(template, "AWS::SQS::Queue")
    sources = {name: queue for name, queue in queues.items() if "RedrivePolicy" in queue}
    assert len(sources) == len(jobtype.load()) == len(queues) / 2
    for queue in sources.values():
        dead = queues[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
        kind = next(kind for kind in jobtype.load() if queue["QueueName"].endswith(kind.short))
        assert queue["RedrivePolicy"]["maxReceiveCount"] == kind.max_attempts + SPARE_RECEIVES
        assert dead["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
        assert dead["QueueName"] == queue["QueueName"] + "-dlq"
        assert [source["Fn::Sub"].rpartition(":")[2] for source in dead["RedriveAllowPolicy"]["sourceQueueArns"]] == [
            queue["QueueName"]
        ]


@pytest.mark.parametrize("kind", jobtype.load(), ids=lambda kind: kind.name)
def test_one_name_all_the_way(kind: jobtype.JobType[Any, Any], template: dict[str, Any]) -> None:
    name = f"jobflow-prod-{kind.name.replace('.', '-')}"
    function = next(f for f in of_type(template, "AWS::Lambda::Function").values() if f["FunctionName"] == name)
    assert function["Handler"] == f"handlers.{kind.name.replace('.', '_')}.handler"
    queue_names = {queue["QueueName"] for queue in of_type(template, "AWS::SQS::Queue").values()}
    assert {name, f"{name}-dlq"} <= queue_names
    assert f"/aws/lambda/{name}" in {
        group["LogGroupName"] for group in of_type(template, "AWS::Logs::LogGroup").values()
    }


def test_no_permission_has_a_wildcard(template: dict[str, Any]) -> None:
    for name, statement in statements(template):
        if "Fn::If" in statement or statement["Effect"] == "Deny":
            continue
        for action in as_list(statement["Action"]):
            assert "*" not in action, name
        for resource in as_list(statement["Resource"]):
            assert resource != "*", name
            text = json.dumps(resource).replace(EVERY_TYPE, "types")
            if text.endswith(':event-source-mapping:*"}'):
                # the ids of mappings are random; the function that they invoke limits the statement
                assert "ArnLike" in statement["Condition"], name
                continue
            # only the end of a name may follow a star: a prefix of keys, a group's streams
            assert re.fullmatch(r"[^*]+(:log-stream:\*|/\*|:\*)?[^*]*", text), (name, text)


def test_every_function_has_a_role_of_its_own(template: dict[str, Any]) -> None:
    functions = of_type(template, "AWS::Lambda::Function")
    used = [function["Role"]["Fn::GetAtt"][0] for function in functions.values()]
    assert sorted(used) == sorted(of_type(template, "AWS::IAM::Role").keys())


def test_every_function_writes_to_a_group_that_forgets(template: dict[str, Any]) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    roles = of_type(template, "AWS::IAM::Role")
    for function in of_type(template, "AWS::Lambda::Function").values():
        group = groups[function["LoggingConfig"]["LogGroup"]["Ref"]]
        assert group["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
        writing = roles[function["Role"]["Fn::GetAtt"][0]]["Policies"][0]["PolicyDocument"]["Statement"][0]
        assert writing["Resource"]["Fn::Sub"].endswith(f"log-group:{group['LogGroupName']}:log-stream:*")


def test_a_worker_sends_to_its_own_queue_and_those_it_enqueues_and_to_no_other(template: dict[str, Any]) -> None:
    roles = of_type(decided(template), "AWS::IAM::Role")
    for kind in jobtype.load():
        granted = [one for policy in roles[logical(kind.short, "Role")]["Policies"]
                   for one in policy["PolicyDocument"]["Statement"]]  # fmt: skip
        sending = [one for one in granted if {"sqs:SendMessage", "sqs:*", "*"} & {*as_list(one["Action"])}]
        # the jobs of a serial type wait in a FIFO queue, so they are delivered again without a new message
        named = [*([] if kind.serial_by else [kind.short]), *(name.replace(".", "-") for name in kind.enqueues)]
        reached = [resource for one in sending for resource in as_list(one["Resource"])]
        wanted = [{"Fn::GetAtt": [logical(name, "Queue"), "Arn"]} for name in named]
        assert sorted(map(str, reached)) == sorted(map(str, wanted)), kind.name


def test_every_function_finds_what_settings_read(template: dict[str, Any]) -> None:
    for name, function in of_type(template, "AWS::Lambda::Function").items():
        variables = dict(function["Environment"]["Variables"])
        # functions that pause have the ids of mappings; for a worker, the id of its own mapping would be a circular
        # reference
        assert (variables.keys() >= API_ONLY) == (name == "APIHandler")
        assert (variables.keys() >= WATCHDOG_ONLY) == (name == "WatchdogFunction")
        own = API_ONLY | BY_FUNCTION | WATCHDOG_ONLY | tracing.ONLY
        common = {name: value for name, value in variables.items() if name not in own}
        assert common == environment("jobflow-prod")
        assert variables.get("CORS_ORIGIN", origin()) == origin()


def test_api_can_pause_every_type_and_nothing_else(template: dict[str, Any]) -> None:
    text = template["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]["EVENT_SOURCES"]["Fn::Sub"]
    keyed = dict(pair.split("=") for pair in text.split(","))
    assert keyed.keys() == {mapping_key(kind.name) for kind in jobtype.load()}
    named = {ref.strip("${}") for ref in keyed.values()}
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping")
    assert named == {name for name, mapping in mappings.items() if "ScalingConfig" in mapping}
    assert len(named) == len(jobtype.load())


def test_queues_and_buckets_refuse_plain_text(template: dict[str, Any]) -> None:
    guarded = {
        guarded["Ref"]
        for kind in ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy")
        for policy in of_type(template, kind).values()
        for guarded in as_list(policy.get("Queues") or policy.get("Bucket"))
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Effect") == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    assert guarded == {*of_type(template, "AWS::SQS::Queue"), *of_type(template, "AWS::S3::Bucket")}


def test_buckets_are_private_and_encrypted(template: dict[str, Any]) -> None:
    for bucket in of_type(template, "AWS::S3::Bucket").values():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["BucketEncryption"]


def test_only_the_distribution_reads_the_site(template: dict[str, Any]) -> None:
    policy = of_type(decided(template), "AWS::S3::BucketPolicy")["SiteBucketPolicy"]["PolicyDocument"]["Statement"]
    allowed = [statement for statement in policy if statement["Effect"] == "Allow"]
    assert [statement["Principal"] for statement in allowed] == [{"Service": "cloudfront.amazonaws.com"}]
    assert "distribution/${SiteDistribution}" in json.dumps(allowed[0]["Condition"])


def test_tables_can_be_restored_and_protected(template: dict[str, Any]) -> None:
    tables = of_type(template, "AWS::DynamoDB::Table")
    assert tables["JobsTable"]["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    for table in tables.values():
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        assert table["DeletionProtectionEnabled"] == {"Fn::If": ["Protected", True, False]}


def test_stack_deletion_takes_everything_with_it(template: dict[str, Any]) -> None:
    stays = {name for name, r in template["Resources"].items() if r.get("DeletionPolicy", "Delete") != "Delete"}
    assert stays == set()


def test_no_arn_names_a_partition(sam: dict[str, Any], template: dict[str, Any]) -> None:
    # the ARNs of GovCloud and China begin differently; the deployer chooses a parameter's value
    for made in (sam, template):
        text = json.dumps([made[section] for section in ("Resources", "Conditions", "Outputs")])
        assert re.findall(r"arn:aws[a-z-]*:[a-z0-9-]+:", text) == []
        assert len(re.findall(r"arn:\$\{AWS::Partition\}", text)) > 20


def test_a_scheduled_run_that_cannot_begin_is_dropped_and_not_repeated(template: dict[str, Any]) -> None:
    rules = of_type(template, "AWS::Events::Rule").values()
    scheduled = {target["Arn"]["Fn::GetAtt"][0] for rule in rules for target in rule["Targets"]}
    configs = {one["FunctionName"]["Ref"]: one for one in of_type(template, "AWS::Lambda::EventInvokeConfig").values()}
    assert configs.keys() == scheduled == {"WatchdogFunction", "RecountFunction"}
    assert {config["MaximumRetryAttempts"] for config in configs.values()} == {0}
