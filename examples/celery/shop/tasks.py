"""The shop's tasks. Only the import is not what it was with Celery: `from celery import shared_task`, and so on."""

from datetime import date, timedelta

from jobflow.celery import MaxRetriesExceededError, get_task_logger, shared_task
from shop import services

logger = get_task_logger(__name__)


@shared_task(autoretry_for=(ConnectionError,), retry_backoff=2, max_retries=5)
def charge(order, cents):
    """Charge an order, and confirm it."""
    receipt = services.pay(order, cents)
    confirm.delay(order, to="ada@example.com")
    return receipt


@shared_task(queue="mail", bind=True, default_retry_delay=60, ignore_result=True)
def confirm(self, order, to):
    """Send the confirmation; tell the shop if it cannot be sent."""
    try:
        services.mail(to, f"Order {order}")
    except OSError as error:
        try:
            raise self.retry(exc=error)
        except MaxRetriesExceededError:
            logger.exception("no confirmation for order %s", order)


@shared_task(expires=3600, acks_late=True)
def report(day):
    """Report a day's charges; `day` is a date as text, because arguments are JSON."""
    total = sum(cents for _, cents in services.CHARGED)
    return {"day": date.fromisoformat(day).isoformat(), "cents": total}


@shared_task
def report_yesterday():
    """Make the report of the day before; a schedule calls it."""
    report.delay((date.today() - timedelta(days=1)).isoformat())
