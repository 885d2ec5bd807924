"""Ship a parcel, and wait until it is delivered (parcel.ship)."""

from pydantic import BaseModel, ConfigDict, Field

from chalicelib import JobContext, consume, job

LONGEST = 14 * 86_400


class Parcel(BaseModel):
    """A parcel of an order."""

    model_config = ConfigDict(
        strict=True, extra="forbid", title="Ship a parcel",
        json_schema_extra={"examples": [{"order": "o-1042", "content": "book"}]},
    )  # fmt: skip
    order: str = Field(max_length=40, description="The number of its order.", examples=["o-1042"])
    content: str = Field(max_length=40, description="What it contains.", examples=["book"])


def hand_over(order: str, content: str) -> str:
    """Hand the parcel over to the carrier; return its tracking number."""
    return f"track-{order}-{content}"


@job("parcel.ship")
def parcel_ship(payload: Parcel, ctx: JobContext) -> str:
    """Hand the parcel over to the carrier, and wait until the carrier posts the event delivered."""
    tracking = ctx.step("hand-over", hand_over, payload.order, payload.content)
    ctx.wait_for("delivered", timeout=LONGEST)
    return str(tracking)


handler = consume(parcel_ship)
