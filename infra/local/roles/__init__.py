"""The roles of the functions on a laptop: a request that its role does not allow is refused, as in the cloud.

Here: which action a request is, what a role's statements say of it, and the refusal. Not here: the emulator itself.
"""
