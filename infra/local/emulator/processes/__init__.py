"""Start, query and end an emulator as a process: this one, moto as it comes, or ministack.

What runs in the process is beside this package.
"""
