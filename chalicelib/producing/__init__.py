"""Create one job or many: validate, store, send."""
