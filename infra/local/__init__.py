"""Run the platform on a laptop with one command: start an AWS emulator, a replacement for Lambda, and the API.

The contents of the stack are in `infra/definition`.
"""
