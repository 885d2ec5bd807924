"""Stand in for what the shop's tasks call: a payment service and a mail server."""

CHARGED: list[tuple[int, int]] = []
SENT: list[tuple[str, str]] = []
OUTAGES: list[Exception] = []
"""Errors that the next calls of the payment service raise."""


def pay(order: int, cents: int) -> str:
    """Charge an order; raises ConnectionError while the service is away."""
    if OUTAGES:
        raise OUTAGES.pop(0)
    CHARGED.append((order, cents))
    return f"receipt-{order}"


def mail(to: str, subject: str) -> None:
    """Send a mail."""
    SENT.append((to, subject))
