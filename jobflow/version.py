"""The version of JobFlow, from chalicelib.api.platform.reference. Written by `make openapi`."""

__version__ = "0.2.0.dev0"
