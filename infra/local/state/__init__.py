"""Keep what belongs to a run and a checkout: the folder, the file with the facts of the run, the token, the secrets.

Not here: tables and queues, which the emulator keeps.
"""
