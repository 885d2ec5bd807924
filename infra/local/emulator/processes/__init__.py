"""Start, query and end an emulator as a process: this one, plain moto, or ministack.

The code that runs in the process is outside of this package.
"""
