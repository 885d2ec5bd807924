"""Define where alarms go: to the deployer's SNS topic, or to the stack's own topic with a subscription for e-mail."""

from infra.definition.names import TOPIC, Resources, ref


def topic(stack: str) -> Resources:
    """Return the topic, its publishers, and its subscribers."""
    alarms_only = {
        "Sid": "AlarmsPublish",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": ref(TOPIC),
        "Condition": {"StringEquals": {"AWS:SourceAccount": ref("AWS::AccountId")}},
    }
    return {
        TOPIC: {
            "Type": "AWS::SNS::Topic",
            "Condition": "OwnsTopic",
            "Properties": {"TopicName": f"{stack}-alarms", "DisplayName": f"{stack} alarms"},
        },
        "AlarmTopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Condition": "OwnsTopic",
            "Properties": {
                "Topics": [ref(TOPIC)],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [alarms_only]},
            },
        },
        "AlarmSubscription": {
            "Type": "AWS::SNS::Subscription",
            "Condition": "HasAlarmEmail",
            "Properties": {"TopicArn": ref(TOPIC), "Protocol": "email", "Endpoint": ref("AlarmEmail")},
        },
    }
