"""What EventBridge does with a run that cannot begin: it drops it, because the next one does its work."""

from typing import Any

from tests.infra.cloud.support import of_type

LONGEST_AGE = {"WatchdogFunction": 60, "RecountFunction": 600}
"""Seconds for which Lambda keeps an event that it cannot hand over, by function."""


def scheduled(template: dict[str, Any]) -> set[str]:
    """Return the logical ids of the functions that a rule invokes."""
    rules = of_type(template, "AWS::Events::Rule").values()
    return {target["Arn"]["Fn::GetAtt"][0] for rule in rules for target in rule["Targets"]}


def test_a_run_that_cannot_begin_is_dropped_and_not_repeated(template: dict[str, Any]) -> None:
    configs = of_type(template, "AWS::Lambda::EventInvokeConfig").values()
    functions = {config["FunctionName"]["Ref"]: config for config in configs}
    assert functions.keys() == scheduled(template) == LONGEST_AGE.keys()
    for name, config in functions.items():
        assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (0, LONGEST_AGE[name])
        assert config["Qualifier"] == "$LATEST", "what a rule invokes without a version"
