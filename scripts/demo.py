"""Show what the platform does, against a running `make dev` (`make demo`). Exit with 1 if a result is not as expected.

Reads the API's address and a token from `.jobflow/dev.json` (JOBFLOW_STATE_DIR names another folder).
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape

ROOT = Path(__file__).parents[1]
PHOTO = ROOT / "scripts" / "assets" / "landscape.jpg"
UPRIGHT = (1536, 1024)
PATIENCE = 120.0
"""Seconds for one job to reach its expected status: injected faults may retry it a few times."""
POLL = 0.2
STUBBORN = 10
"""Attempts of jobs that should succeed, so that JOBFLOW_FAULT_RATE does not spoil the demo."""
ENDS = frozenset({"completed", "failed", "dead_letter", "cancelled"})

Job = dict[str, Any]


class Unexpected(Exception):
    """A result is not as expected; the message says which."""


@dataclass
class Api:
    """A client of the API that waits for jobs. `dashboard` is the console's address, if it runs."""

    client: httpx.Client
    dashboard: str | None = None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def post(self, path: str, body: Any = None) -> Any:
        """POST, waiting out the rate limit; raises Unexpected with the API's own sentence."""
        deadline = self.clock() + PATIENCE
        answer = self.client.post(path, json=body)
        while answer.status_code == httpx.codes.TOO_MANY_REQUESTS and self.clock() < deadline:
            self.sleep(float(answer.headers["Retry-After"]))
            answer = self.client.post(path, json=body)
        return _content(answer)

    def get(self, path: str) -> Any:
        """GET; raises Unexpected with the API's own sentence."""
        return _content(self.client.get(path))

    def submit(self, job_type: str, payload: Any, max_attempts: int = STUBBORN) -> str:
        """Create a job; return its id."""
        return str(self.post("/jobs", {"type": job_type, "payload": payload, "max_attempts": max_attempts})["id"])

    def ended(self, job_id: str, status: str) -> Job:
        """Return the job once it has ended; raises Unexpected when that is not in this status, or takes too long."""
        deadline = self.clock() + PATIENCE
        while True:
            job: Job = self.get(f"/jobs/{job_id}")
            if job["status"] == status:
                return job
            if job["status"] in ENDS or self.clock() > deadline:
                why = f"{job['error_class']}: {job['error_message']}" if job["error_class"] else "no error"
                raise Unexpected(f"Job {job_id} is {job['status']} and should be {status} ({why}).")
            self.sleep(POLL)

    def upload(self, form: Any, content: bytes) -> None:
        """Upload with a form that POST /uploads gave out, as a browser would: the file last."""
        file = ("photo.jpg", content, "image/jpeg")
        sent = httpx.post(form["url"], data=form["fields"], files={"file": file}, trust_env=False)
        if not sent.is_success:
            raise Unexpected(f"The upload answered {sent.status_code}: {sent.text[:200]}")

    def link(self, job_id: str) -> str:
        """Return the address at which a person sees the job."""
        return f"{self.dashboard}/jobs/{job_id}" if self.dashboard else f"{self.client.base_url}/jobs/{job_id}"


def _content(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise Unexpected(
            f"{answer.request.method} {answer.request.url} answered {answer.status_code}: {answer.text[:300]}"
        )
    return answer.json()


def expect(condition: bool, what: str) -> None:
    """Raise Unexpected unless it is so."""
    if not condition:
        raise Unexpected(what)


def download(url: str) -> bytes:
    """Return the content behind a presigned link."""
    answer = httpx.get(url, trust_env=False)
    expect(answer.is_success, f"The link answered {answer.status_code}: {url}")
    return answer.content


class Demo:
    """The steps, printed as they happen."""

    def __init__(self, api: Api, console: Console, photo: bytes) -> None:
        self._api = api
        self._console = console
        self._photo = photo
        self._step = 0

    def run(self) -> None:
        """Run all steps; raises Unexpected."""
        self.image()
        self.email()
        self.dead_letter()
        self.report()

    def image(self) -> None:
        """Upload a photo and process it."""
        self._begin("Upload a photo that was taken sideways, and make an upright WebP of it")
        form = self._form()
        self._api.upload(form, self._photo)
        self._say(f"uploaded {len(self._photo):,} bytes to {form['key']}")
        payload = {"key": form["key"], "resize": {"width": 900, "height": 900}, "format": "webp"}
        job = self._completed(self._api.submit("image.process", payload))
        made = job["result"]
        expect((made["width"], made["height"]) == (900, 600), f"The image is {made['width']} x {made['height']}.")
        content = download(made["url"])
        expect(content[8:12] == b"WEBP" and len(content) == made["bytes"], "The link does not lead to the new image.")
        self._say(f"{UPRIGHT[0]} x {UPRIGHT[1]} became {made['width']} x {made['height']}, {made['bytes']:,} bytes")
        self._link("image", made["url"])

    def email(self) -> None:
        """Send an e-mail."""
        self._begin("Send an e-mail through SES")
        payload = {
            "to": ["ada@example.com", "grace@example.com"],
            "subject": "JobFlow says hello",
            "text": "This message went through POST /jobs, DynamoDB, SQS, a Lambda and SES.",
            "html": "<p>This message went through <b>POST /jobs</b>, DynamoDB, SQS, a Lambda and SES.</p>",
        }
        job = self._completed(self._api.submit("email.send", payload))
        expect(job["result"]["recipients"] == 2, f"The result is {job['result']}.")
        self._say(f"SES took it for 2 recipients as message {job['result']['message_id']}")

    def dead_letter(self) -> None:
        """Let a job fail until it is dead-lettered; remove the cause; run it again."""
        self._begin("Process a photo that is missing: retry, dead letter, upload it, run again")
        form = self._form()
        job_id = self._api.submit("image.process", {"key": form["key"], "thumbnail": 256}, max_attempts=2)
        job = self._api.ended(job_id, "dead_letter")
        for tried in job["attempt_history"]:
            self._say(f"attempt {tried['attempt']}: {tried['error_class']}: {tried['error_message']}")
        expect(job["attempts"] == 2, f"It took {job['attempts']} attempts and not 2.")
        self._say("2 of 2 attempts are spent: the job is dead-lettered, and its message goes to the dead-letter queue")
        self._link("job", self._api.link(job_id))
        self._api.upload(form, self._photo)
        self._say("now the photo is uploaded, and POST /jobs/{id}/retry runs the job again")
        made = self._completed(self._run_again(job_id))["result"]
        expect((made["width"], made["height"]) == (256, 256), f"The thumbnail is {made['width']} x {made['height']}.")
        self._link("thumbnail", made["url"])

    def report(self) -> None:
        """Report on all jobs."""
        self._begin("Report on the last day's jobs")
        job = self._completed(self._api.submit("report.generate", self._example("report.generate")))
        made = job["result"]
        expect(made["jobs"] >= 4, f"The report counts {made['jobs']} jobs.")
        expect(download(made["files"]["html"]["url"]).startswith(b"<!doctype html>"), "The report is no page.")
        expect(b"section,type,item,metric,value" in download(made["files"]["csv"]["url"])[:40], "The report is no CSV.")
        rate = "-" if made["success_rate"] is None else f"{made['success_rate']:.0%}"
        self._say(f"{made['jobs']} jobs, {rate} of those that ended succeeded")
        self._link("page", made["files"]["html"]["url"])
        self._link("CSV", made["files"]["csv"]["url"])

    def _run_again(self, job_id: str) -> str:
        """Retry by hand; once more when it was only an injected fault that spent the attempts."""
        for _ in range(5):
            self._api.post(f"/jobs/{job_id}/retry")
            try:
                self._api.ended(job_id, "completed")
            except Unexpected as unlucky:
                if "InjectedFault" not in str(unlucky):
                    raise
            else:
                break
        return job_id

    def _form(self) -> Any:
        return self._api.post("/uploads", {"content_type": "image/jpeg", "bytes": len(self._photo)})

    def _example(self, job_type: str) -> Any:
        found = [kind for kind in self._api.get("/job-types")["job_types"] if kind["type"] == job_type]
        expect(len(found) == 1, f"The API does not know {job_type}.")
        return found[0]["example"]

    def _completed(self, job_id: str) -> Job:
        job = self._api.ended(job_id, "completed")
        self._say(f"{job['type']} completed at attempt {job['attempts']}")
        self._link("job", self._api.link(job_id))
        return job

    def _begin(self, title: str) -> None:
        self._step += 1
        self._console.print(f"\n[bold]{self._step}. {title}[/bold]")

    def _say(self, text: str) -> None:
        self._console.print(f"   [green]✓[/green] {escape(text)}", soft_wrap=True)

    def _link(self, name: str, url: str) -> None:
        self._console.print(f"     {name}: [link={url}]{escape(url)}[/link]", soft_wrap=True, highlight=False)


def main() -> int:
    """Run the demo; return the exit code."""
    console = Console()
    folder = Path(os.environ.get("JOBFLOW_STATE_DIR", ROOT / ".jobflow"))
    try:
        state = json.loads((folder / "dev.json").read_text())
    except FileNotFoundError:
        console.print("[red]Nothing is running here.[/red] Start the platform first, in another terminal: make dev")
        return 1
    headers = {"Authorization": f"Bearer {state['token']}"}
    try:
        with httpx.Client(base_url=state["api"], headers=headers, timeout=15.0, trust_env=False) as client:
            Demo(Api(client, state.get("dashboard")), console, PHOTO.read_bytes()).run()
    except (Unexpected, httpx.HTTPError) as error:
        console.print(f"\n[red]✗ {escape(str(error))}[/red]")
        return 1
    console.print("\n[bold green]All results are as expected.[/bold green]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
