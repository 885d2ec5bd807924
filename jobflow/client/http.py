"""Import httpx. If it is missing, only sending a request fails, because a job function may never call an API."""

from typing import Any

from jobflow.errors import ConfigurationError

__all__ = ["httpx"]


class _Missing:
    """Stands for httpx where it is not installed."""

    def __getattr__(self, name: str) -> Any:
        raise ConfigurationError(
            "httpx is not installed here, so no request can be sent. A job function needs it in the requirements file "
            "of its type, for example: httpx==0.28.1"
        )


try:
    import httpx
except ModuleNotFoundError:
    httpx = _Missing()  # type: ignore[assignment]
