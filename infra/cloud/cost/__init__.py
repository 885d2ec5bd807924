"""The cost of a stack: prices, the calculation, and the bill as text. Pure."""
