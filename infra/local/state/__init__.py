"""Keep the data of a run and a checkout: the folder, the file with the facts of the run, the token, the secrets.

The emulator keeps tables and queues.
"""
