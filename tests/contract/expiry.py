"""Delete expired items like DynamoDB: moto keeps them."""

from chalicelib.adapters import aws
from chalicelib.settings import Settings
from tests.support import REGION, Clock


def expire(settings: Settings, clock: Clock) -> None:
    """Remove expired items from the table of jobs."""
    client = aws.client("dynamodb", REGION)
    for item in client.scan(TableName=settings.jobs_table)["Items"]:
        if "expires_at" in item and float(item["expires_at"]["N"]) < clock.now:
            client.delete_item(TableName=settings.jobs_table, Key={name: item[name] for name in ("pk", "sk")})
