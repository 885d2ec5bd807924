"""The shop's pages and tasks, with the jobs run in the test's process."""

from django.test import TransactionTestCase

from jobflow.testing import eager
from shop.models import Order
from shop.tasks import charge


class ShopTest(TransactionTestCase):
    """A test with real transactions, so that on_commit runs."""

    def test_an_order_is_charged_after_its_transaction(self) -> None:
        """Place an order, and find its receipt."""
        with eager() as platform:
            assert self.client.post("/orders/7/place").status_code == 201
        assert self.client.get("/orders/7").json() == {"number": 7, "receipt": "receipt-7"}
        [job] = platform.jobs()
        assert (job.status, job.tags) == ("completed", ("shop.tasks.charge",))

    def test_a_second_run_charges_nothing(self) -> None:
        """Let SQS deliver the message twice."""
        order = Order.objects.create(number=8, cents=900, receipt="receipt-8")
        with eager():
            assert charge.delay(order.pk).get() == "receipt-8"

    def test_an_order_that_is_gone_fails(self) -> None:
        """Fail at once: no retry can help."""
        with eager():
            assert charge.delay(99).status == "FAILURE"
