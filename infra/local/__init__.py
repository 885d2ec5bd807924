"""The laptop: an AWS emulator, something that plays Lambda, and the API, started by one command."""
