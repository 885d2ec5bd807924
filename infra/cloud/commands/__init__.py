"""The commands on a stage: deploy, look at, recount, destroy, and hand out tokens."""
