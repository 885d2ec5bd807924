"""Let operators act on one job: retry, cancel, run now, discard; read it, and explain why it waits."""
