"""Show how an operator controls jobs: run a job before its time, use a schedule, limit a rate."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from scripts.demo.api import STUBBORN, expect
from scripts.demo.telling import Teller

TOMORROW = 86_400
MAIL = {"to": ["ada@example.com"], "subject": "JobFlow says hello", "text": "This one waited for its turn."}
MOST = 25
"""Maximum number of jobs in one request to the API."""


class Steering:
    """Show a job that is run now, a schedule, and a rate."""

    def __init__(self, teller: Teller) -> None:
        self._tell, self._api = teller, teller.api

    def run(self) -> None:
        """Run all steps; raises Unexpected."""
        self.run_now()
        self.schedule()
        self.rate()

    def run_now(self) -> None:
        """Create an e-mail job with a later time, and run it before this time."""
        self._tell.begin("Plan an e-mail for tomorrow, and run it now")
        job_id = self._api.submit("email.send", MAIL, delay_seconds=TOMORROW)
        planned = self._api.get(f"/jobs/{job_id}")
        expect(planned["status"] == "scheduled", f"Job {job_id} is {planned['status']} and should be scheduled.")
        self._tell.say(planned["why"])
        self._api.post(f"/jobs/{job_id}/run-now")
        self._tell.completed(job_id)

    def schedule(self) -> None:
        """Store a schedule, run it once by hand, and delete it again."""
        self._tell.begin("Schedule a report for each working day at six in Berlin, and make one of them now")
        name = f"demo-{secrets.token_hex(4)}"
        payload = self._api.job_type("report.generate")["example"]
        asked = {"id": name, "type": "report.generate", "cron": "0 6 * * 1-5", "timezone": "Europe/Berlin"}
        made = self._api.post("/schedules", {**asked, "payload": payload})
        try:
            firings = [firing["local"] for firing in made["next_firings"]]
            expect(len(firings) == 5, f"The schedule has {len(firings)} next firings and not 5.")
            self._tell.say(f"the next ones are at {firings[0]} and {firings[1]}")
            self._tell.completed(self._api.post(f"/schedules/{name}/run")["id"])
        finally:
            self._api.delete(f"/schedules/{name}")
        self._tell.say("the schedule is deleted again")

    def rate(self) -> None:
        """Create more e-mails at once than may start in a second."""
        self._tell.begin("Send e-mails no faster than the provider allows")
        rate = self._api.job_type("email.send")["rate"]
        if rate is None:
            self._tell.skip("email.send has no rate here: `make dev MAIL_RATE=2` gives it one of 2 a second")
            return
        number = min(MOST, 2 * (rate["n"] + rate["burst"]) + 1)
        one = {"type": "email.send", "payload": MAIL, "max_attempts": STUBBORN}
        answer = self._api.post("/jobs/batch", {"jobs": [one] * number})
        jobs = [self._api.ended(result["job"]["id"], "completed") for result in answer["results"]]
        starts = sorted(datetime.fromisoformat(job["started_at"]).timestamp() for job in jobs)
        most = busiest(starts, rate["per"])
        limit = rate["n"] + rate["burst"]
        expect(most <= limit, f"{most} started within {rate['per']:g} s, and the rate allows {limit}.")
        took = starts[-1] - starts[0]
        self._tell.say(f"{number} e-mails started within {took:.1f} s, at most {most} in any {rate['per']:g} s")


def busiest(starts: Sequence[float], per: float) -> Any:
    """Return the maximum number of starts in any `per` seconds."""
    return max(sum(first <= other < first + per for other in starts) for first in starts)
