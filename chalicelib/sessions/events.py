"""Log what happens to sessions. No line has a token, a name or an address of e-mail; a person is a principal."""

from chalicelib.telemetry.logger import logger


def begun(session_id: str, principal: str, role: str) -> None:
    """Log that a person has signed in."""
    logger().info("session.begun", extra={"session_id": session_id, "principal": principal, "role": role})


def ended(session_id: str, principal: str, by: str) -> None:
    """Log that a session was ended: by the person (logout), or by an administrator."""
    logger().info("session.ended", extra={"session_id": session_id, "principal": principal, "by": by})


def keys_not_fetched(error: Exception) -> None:
    """Log that the issuer's keys could not be fetched, so that nobody can sign in."""
    logger().error("sign_in.keys_not_fetched", extra={"error_class": type(error).__name__, "why": str(error)[:200]})


def unreadable(session_id: str, error: Exception) -> None:
    """Log that the row of a session cannot be read by this version, so the session is not in the list."""
    logger().warning("session.unreadable", extra={"session_id": session_id, "error_class": type(error).__name__})
