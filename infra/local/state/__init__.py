"""Keep data of a run and of a checkout: the folder, the file with the facts of the run, the token, the secrets.

Tables and queues are in the emulator.
"""
