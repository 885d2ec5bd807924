"""The shop's tables."""

from django.db import models


class Order(models.Model):
    """An order, and what the background work made of it."""

    number = models.PositiveIntegerField(unique=True)
    cents = models.PositiveIntegerField()
    receipt = models.CharField(max_length=40, blank=True)
    placed_at = models.DateTimeField(auto_now_add=True)
