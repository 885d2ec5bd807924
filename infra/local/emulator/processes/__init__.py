"""Start, query and end an emulator that runs as a process: ours, plain moto, or ministack.

The code that runs in the process is outside of this package.
"""
