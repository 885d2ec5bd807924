"""The shop's pages."""

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from shop.models import Order
from shop.tasks import charge


@csrf_exempt
@require_POST
def place(request: HttpRequest, number: int) -> JsonResponse:
    """Store an order, and charge it once the transaction has committed."""
    with transaction.atomic():
        order = Order.objects.create(number=number, cents=900)
        charge.delay_on_commit(order.pk)
    return JsonResponse({"number": order.number}, status=201)


def show(request: HttpRequest, number: int) -> JsonResponse:
    """Show an order with its receipt."""
    order = Order.objects.get(number=number)
    return JsonResponse({"number": order.number, "receipt": order.receipt})
