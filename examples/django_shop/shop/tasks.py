"""The shop's tasks. They get ids of rows, and read the rows when they run."""

from django.db import transaction

from jobflow.celery import shared_task
from shop.models import Order


@shared_task(autoretry_for=(ConnectionError,), retry_backoff=True, max_retries=5)
def charge(order_id):
    """Charge an order once: a second run of the task finds the receipt."""
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order_id)
        if not order.receipt:
            order.receipt = f"receipt-{order.number}"
            order.save(update_fields=["receipt"])
    return order.receipt
