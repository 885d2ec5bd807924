"""The cloud: package the functions, deploy the stack, look at it, take it down, and hand out tokens."""
