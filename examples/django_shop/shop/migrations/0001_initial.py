"""The first tables."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Create the orders."""

    initial = True
    dependencies: ClassVar[list[tuple[str, str]]] = []
    operations: ClassVar = [
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True)),
                ("cents", models.PositiveIntegerField()),
                ("receipt", models.CharField(blank=True, max_length=40)),
                ("placed_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
