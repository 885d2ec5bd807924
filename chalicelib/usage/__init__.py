"""Estimate what jobs cost: the list prices, the amounts that one job needs, and sums by type, tenant and day."""
