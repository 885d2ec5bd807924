"""Print the steps of the demo as they happen."""

from rich.console import Console
from rich.markup import escape

from scripts.demo.api import Api, Job


class Teller:
    """Print the steps, and wait for jobs."""

    def __init__(self, api: Api, console: Console) -> None:
        self.api = api
        self._console = console
        self._step = 0

    def begin(self, title: str) -> None:
        """Begin a step."""
        self._step += 1
        self._console.print(f"\n[bold]{self._step}. {title}[/bold]")

    def say(self, text: str) -> None:
        """Print a result."""
        self._console.print(f"   [green]✓[/green] {escape(text)}", soft_wrap=True)

    def skip(self, text: str) -> None:
        """Print why a step is skipped."""
        self._console.print(f"   [yellow]–[/yellow] {escape(text)}", soft_wrap=True)  # noqa: RUF001

    def link(self, name: str, url: str) -> None:
        """Print an address at which a person can see a result."""
        self._console.print(f"     {name}: [link={url}]{escape(url)}[/link]", soft_wrap=True, highlight=False)

    def completed(self, job_id: str) -> Job:
        """Return a completed job, and print it; raises Unexpected."""
        job = self.api.ended(job_id, "completed")
        self.say(f"{job['type']} completed at attempt {job['attempts']}")
        self.link("job", self.api.link(job_id))
        return job
