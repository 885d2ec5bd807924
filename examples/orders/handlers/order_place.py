"""Charge an order, ship its parcels, and ask for a review a week later (order.place)."""

from pydantic import BaseModel, ConfigDict, Field

from chalicelib import JobContext, consume, job

WEEK = 7 * 86_400


class Order(BaseModel):
    """An order, and the parcels in which it is shipped."""

    model_config = ConfigDict(
        strict=True, extra="forbid", title="Place an order",
        json_schema_extra={
            "examples": [{"order": "o-1042", "parcels": ["book", "lamp", "chair"], "email": "ada@example.com"}]
        },
    )  # fmt: skip
    order: str = Field(max_length=40, description="Its number.", examples=["o-1042"])
    parcels: list[str] = Field(
        min_length=1, max_length=10, description="What each parcel contains.", examples=[["book", "lamp", "chair"]]
    )
    email: str = Field(max_length=254, description="Who has ordered.", examples=["ada@example.com"])


def charge(order: str) -> str:
    """Charge the card; the payment service knows the order by its number, so a second call charges nothing."""
    return f"payment-of-{order}"


@job("order.place", calls=("parcel.ship", "email.send"))
def order_place(payload: Order, ctx: JobContext) -> dict[str, object]:
    """Charge, ship all parcels at the same time, wait until each is delivered, and ask for a review a week later."""
    payment = ctx.step("charge", charge, payload.order)
    parcels = [{"order": payload.order, "content": content} for content in payload.parcels]
    delivered = ctx.gather("parcel.ship", parcels, name="parcels")
    ctx.sleep(WEEK, name="review")
    review = {"to": [payload.email], "subject": f"How is order {payload.order}?", "text": "Tell us what you think."}
    ctx.enqueue("email.send", review, key="review")
    return {"payment": payment, "delivered": delivered}


handler = consume(order_place)
