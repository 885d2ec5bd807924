"""Convert a queue's settings (variables, network, layers, disk) to properties of its function and role."""

from typing import Any

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.constants import EPHEMERAL_MB
from chalicelib.job_types.queues import TypeQueue
from infra.definition.iam.allowed import resource
from infra.definition.lambdas.environment import BY_FUNCTION, environment
from infra.definition.names import arn, ref, sub

LARGEST_ENVIRONMENT = 4_096
"""Maximum bytes of the names and values of a function's variables (Lambda's quota)."""
PLATFORM_NEEDS = 1_536
"""Maximum bytes of the platform's own variables, with the longest names: `cloud/template/test_limits`."""
NETWORK_POLICY = "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"
"""AWS's policy for a function in a VPC. It has `*` as a resource, because EC2 accepts no narrower resource for
describing network interfaces."""
INTERFACES = [
    f"ec2:{action}"
    for action in (
        "AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces",
        "DescribeSubnets", "UnassignPrivateIpAddresses",
    )
]  # fmt: skip


def properties(queue: TypeQueue) -> dict[str, Any]:
    """Return the properties that the declaration of a type or shared queue adds, except its variables."""
    function = queue.function
    added: dict[str, Any] = {}
    if function.vpc:
        added["VpcConfig"] = {"SubnetIds": ref("VpcSubnets"), "SecurityGroupIds": ref("VpcSecurityGroups")}
    if function.layers:
        added["Layers"] = [resource(layer) for layer in function.layers]
    if function.ephemeral_storage != EPHEMERAL_MB[0]:
        added["EphemeralStorage"] = {"Size": function.ephemeral_storage}
    return added


def managed_policies(queue: TypeQueue | None) -> list[Any]:
    """Return AWS's own policies that a function needs."""
    return [sub(NETWORK_POLICY)] if queue is not None and queue.function.vpc else []


def network_of_lambda_alone(queue: TypeQueue | None, name: str) -> list[dict[str, Any]]:
    """Deny the function's code the network actions that its role has only for Lambda itself.

    Lambda's guide advises this.
    """
    if queue is None or not queue.function.vpc:
        return []
    condition = {"ArnEquals": {"lambda:SourceFunctionArn": [arn("lambda", f"function:{name}")]}}
    return [{"Effect": "Deny", "Action": INTERFACES, "Resource": "*", "Condition": condition}]


def variables(queue: TypeQueue, stack: str) -> dict[str, str]:
    """Return the variables that the type or shared queue declares.

    Raises ConfigurationError for a variable that Lambda would refuse.
    """
    declared = dict(queue.access.environment)
    taken = sorted(declared.keys() & (environment(stack).keys() | BY_FUNCTION))
    if taken:
        raise ConfigurationError(f"{queue.key}: environment: {', '.join(taken)} is a name that the platform uses")
    size = sum(len((name + value).encode()) for name, value in declared.items())
    if size > LARGEST_ENVIRONMENT - PLATFORM_NEEDS:
        raise ConfigurationError(
            f"{queue.key}: environment has {size:,} bytes; {LARGEST_ENVIRONMENT - PLATFORM_NEEDS:,} are left of the "
            f"{LARGEST_ENVIRONMENT:,} that Lambda takes"
        )
    return declared
