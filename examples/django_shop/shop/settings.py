"""Django's settings: SQLite on this machine, PostgreSQL where DATABASE_URL names one."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "only-for-this-machine")
DEBUG = "DATABASE_URL" not in os.environ
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["shop"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True


def database(url: str | None) -> dict[str, object]:
    """Return the database at a URL such as postgres://user:password@host:5432/shop; without one, SQLite."""
    if url is None:
        # `jobflow dev` runs the tasks elsewhere, through links; resolve() finds this repository
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(__file__).resolve().parents[1] / "shop.sqlite3"}
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or 5432,
        # A function keeps its connection from one job to the next; the check finds one that the server has closed.
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, "sslmode": "require"},
    }


DATABASES = {"default": database(os.environ.get("DATABASE_URL"))}
