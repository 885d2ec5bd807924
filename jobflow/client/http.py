"""Import httpx. Without httpx, only sending a request fails: a job function that calls no API does not need it."""

from typing import Any

from jobflow.errors import ConfigurationError

__all__ = ["httpx"]


class _Missing:
    """A placeholder for httpx where it is not installed; every use raises ConfigurationError."""

    def __getattr__(self, name: str) -> Any:
        raise ConfigurationError(
            "httpx is not installed here, so no request can be sent. A job function needs it in the requirements file "
            "of its type, for example: httpx==0.28.1"
        )


try:
    import httpx
except ModuleNotFoundError:
    httpx = _Missing()  # type: ignore[assignment]
