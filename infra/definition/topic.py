"""Define where alarms go: one SNS topic, with an e-mail subscription when an address is given."""

from infra.definition.names import Resources, ref


def topic(stack: str) -> Resources:
    """Return the topic, who may publish to it, and who gets what is published."""
    alarms_only = {
        "Sid": "AlarmsPublish",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": ref("AlarmTopic"),
        "Condition": {"StringEquals": {"AWS:SourceAccount": ref("AWS::AccountId")}},
    }
    return {
        "AlarmTopic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"TopicName": f"{stack}-alarms", "DisplayName": f"{stack} alarms"},
        },
        "AlarmTopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [ref("AlarmTopic")],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [alarms_only]},
            },
        },
        "AlarmSubscription": {
            "Type": "AWS::SNS::Subscription",
            "Condition": "HasAlarmEmail",
            "Properties": {"TopicArn": ref("AlarmTopic"), "Protocol": "email", "Endpoint": ref("AlarmEmail")},
        },
    }
