"""Run example jobs: an image, an e-mail, an approval, a dead letter that is retried, a report, an order."""

from typing import Any

from scripts.demo.api import Unexpected, download, expect
from scripts.demo.telling import Teller

UPRIGHT = (1536, 1024)


class Work:
    """Run jobs of each built-in type, and a dead letter that is retried."""

    def __init__(self, teller: Teller, photo: bytes) -> None:
        self._tell, self._api = teller, teller.api
        self._photo = photo

    def run(self) -> None:
        """Run all steps; raises Unexpected."""
        self.image()
        self.email()
        self.approval()
        self.dead_letter()
        self.report()
        self.order()

    def image(self) -> None:
        """Upload a photo and process it."""
        self._tell.begin("Upload a photo that was taken sideways, and make an upright WebP of it")
        form = self._form()
        self._api.upload(form, self._photo)
        self._tell.say(f"uploaded {len(self._photo):,} bytes to {form['key']}")
        payload = {"key": form["key"], "resize": {"width": 900, "height": 900}, "format": "webp"}
        job = self._tell.completed(self._api.submit("image.process", payload))
        made = job["result"]
        expect((made["width"], made["height"]) == (900, 600), f"The image is {made['width']} x {made['height']}.")
        content = download(made["url"])
        expect(content[8:12] == b"WEBP" and len(content) == made["bytes"], "The link does not lead to the new image.")
        self._tell.say(
            f"{UPRIGHT[0]} x {UPRIGHT[1]} became {made['width']} x {made['height']}, {made['bytes']:,} bytes"
        )
        self._tell.link("image", made["url"])

    def email(self) -> None:
        """Send an e-mail."""
        self._tell.begin("Send an e-mail through SES")
        payload = {
            "to": ["ada@example.com", "grace@example.com"],
            "subject": "JobFlow says hello",
            "text": "This message went through POST /jobs, DynamoDB, SQS, a Lambda and SES.",
            "html": "<p>This message went through <b>POST /jobs</b>, DynamoDB, SQS, a Lambda and SES.</p>",
        }
        job = self._tell.completed(self._api.submit("email.send", payload))
        expect(job["result"]["recipients"] == 2, f"The result is {job['result']}.")
        self._tell.say(f"SES took it for 2 recipients as message {job['result']['message_id']}")

    def approval(self) -> None:
        """Let an e-mail wait for a person, and approve it through the API as the console's button does."""
        self._tell.begin("Let an e-mail wait until a person approves it")
        payload = {
            "to": ["ada@example.com"], "subject": "A refund of $9", "text": "It is on its way.", "approval": True,
        }  # fmt: skip
        job_id = self._api.submit("email.send", payload)
        self._tell.say(self._api.ended(job_id, "suspended")["why"])
        self._tell.link("job, with a button to approve", self._api.link(job_id))
        self._api.post(f"/jobs/{job_id}/events/approved", {"data": {"note": "the demo approves"}})
        self._tell.completed(job_id)
        for step in self._api.get(f"/jobs/{job_id}/steps")["steps"]:
            by = f" by {step['by']}" if step["by"] else ""
            self._tell.say(f"{step['kept_at']}  {step['kind']} {step['name']}{by}")

    def dead_letter(self) -> None:
        """Let a job fail until it is dead-lettered; remove the cause; retry it."""
        self._tell.begin("Process a photo that is missing: retry, dead letter, upload it, run again")
        form = self._form()
        job_id = self._api.submit("image.process", {"key": form["key"], "thumbnail": 256}, max_attempts=2)
        job = self._api.ended(job_id, "dead_letter")
        for tried in job["attempt_history"]:
            self._tell.say(f"attempt {tried['attempt']}: {tried['error_class']}: {tried['error_message']}")
        expect(job["attempts"] == 2, f"It took {job['attempts']} attempts and not 2.")
        self._tell.say(
            "2 of 2 attempts are spent: the job is dead-lettered, and its message goes to the dead-letter queue"
        )
        self._tell.link("job", self._api.link(job_id))
        self._api.upload(form, self._photo)
        self._tell.say("now the photo is uploaded, and POST /jobs/{id}/retry runs the job again")
        made = self._tell.completed(self._run_again(job_id))["result"]
        expect((made["width"], made["height"]) == (256, 256), f"The thumbnail is {made['width']} x {made['height']}.")
        self._tell.link("thumbnail", made["url"])

    def report(self) -> None:
        """Report on all jobs."""
        self._tell.begin("Report on the last day's jobs")
        job = self._tell.completed(
            self._api.submit("report.generate", self._api.job_type("report.generate")["example"])
        )
        made = job["result"]
        expect(made["jobs"] >= 4, f"The report counts {made['jobs']} jobs.")
        expect(download(made["files"]["html"]["url"]).startswith(b"<!doctype html>"), "The report is no page.")
        expect(b"section,type,item,metric,value" in download(made["files"]["csv"]["url"])[:40], "The report is no CSV.")
        rate = "-" if made["success_rate"] is None else f"{made['success_rate']:.0%}"
        self._tell.say(f"{made['jobs']} jobs, {rate} of those that ended succeeded")
        self._tell.link("page", made["files"]["html"]["url"])
        self._tell.link("CSV", made["files"]["csv"]["url"])

    def order(self) -> None:
        """Place an order of three parcels, which are delivered; it then sleeps until it asks for a review."""
        self._tell.begin("Place an order: charge, ship three parcels at the same time, ask for a review after a week")
        if all(kind["type"] != "order.place" for kind in self._api.get("/job-types")["job_types"]):
            self._tell.skip("order.place is not here: `make dev` has it, without JOBFLOW_EXAMPLES= in the shell")
            return
        job_id = self._api.submit("order.place", self._api.job_type("order.place")["example"])
        parcels = self._api.until(
            f"/jobs?parent={job_id}",
            lambda page: [waits_for(job).get("event") for job in page["jobs"]] == ["delivered"] * 3,
            f"The order {job_id} should have three parcels that wait for the event delivered.",
        )["jobs"]
        self._tell.say("charged; three parcels are under way, and each waits for the event delivered, without a worker")
        self._tell.link("order, with its parcels", self._api.link(job_id))
        for parcel in parcels:
            self._api.post(f"/jobs/{parcel['id']}/events/delivered")
            tracking = self._api.ended(parcel["id"], "completed")["result"]
            self._tell.say(f"{tracking} is delivered")
        order = self._api.until(
            f"/jobs/{job_id}",
            lambda job: bool(waits := waits_for(job)) and waits["event"] is None and waits["job"] is None,
            f"The order {job_id} should sleep.",
        )
        self._tell.say(
            f"all are delivered: it sleeps until {order['waits_for']['until']}, and then sends the review mail"
        )

    def _run_again(self, job_id: str) -> str:
        """Retry the job by hand. Retry it once more if only an injected fault used up its attempts."""
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


def waits_for(job: Any) -> dict[str, Any]:
    """Return what a suspended job waits for; an empty dict for another job."""
    found: dict[str, Any] | None = job["waits_for"]
    return found or {}
