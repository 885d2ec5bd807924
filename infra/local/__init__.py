"""Run the platform on a laptop: an AWS emulator, a replacement for Lambda, and the API, with one command.

The contents of the stack are in `infra/definition`.
"""
