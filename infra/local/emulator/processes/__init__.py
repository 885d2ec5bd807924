"""Start, query and end an emulator that runs as a process."""
