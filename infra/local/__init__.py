"""Run the platform on a laptop: an AWS emulator, a stand-in for Lambda, and the API, started by one command.

What the stack consists of is in `infra/definition`.
"""
