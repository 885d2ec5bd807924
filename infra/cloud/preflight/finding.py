"""Define a finding: a problem, or a fact that a person should know before a deployment."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem or fact. `stops`: the deployment would fail because of it."""

    about: str
    sentence: str
    stops: bool = False

    def line(self) -> str:
        """Return the finding as a line for the terminal."""
        return f"{'Stop' if self.stops else 'Note'} ({self.about}): {self.sentence}"

    def as_json(self) -> dict[str, str | bool]:
        """Return the finding as JSON for a pipeline."""
        return {"about": self.about, "sentence": self.sentence, "stops": self.stops}
