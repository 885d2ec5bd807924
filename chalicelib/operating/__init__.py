"""What operators do to one job: retry, cancel, run now, discard; read it, and say why it waits."""
