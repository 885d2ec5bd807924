"""The version of JobFlow: of the client, the command line and the platform."""

__version__ = "0.2.0.dev0"
