"""Delete expired items as DynamoDB does; moto keeps them."""

from chalicelib.adapters import aws
from chalicelib.settings import Settings
from tests.support import REGION, Clock


def expire(settings: Settings, clock: Clock) -> None:
    """Remove expired items from the jobs table."""
    client = aws.client("dynamodb", REGION)
    for item in client.scan(TableName=settings.jobs_table)["Items"]:
        if "expires_at" in item and float(item["expires_at"]["N"]) < clock.now:
            client.delete_item(TableName=settings.jobs_table, Key={name: item[name] for name in ("pk", "sk")})
