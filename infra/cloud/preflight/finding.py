"""State one thing that cannot work, or that a person should know before a deployment."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that cannot work; with `stops`, the deployment would fail by it."""

    about: str
    sentence: str
    stops: bool = False

    def line(self) -> str:
        """Return it for the terminal."""
        return f"{'Stop' if self.stops else 'Note'} ({self.about}): {self.sentence}"

    def as_json(self) -> dict[str, str | bool]:
        """Return it for a pipeline."""
        return {"about": self.about, "sentence": self.sentence, "stops": self.stops}
