"""Declare the job types: each file declares one job type, with its queue and its Lambda function.

How to add one
--------------
Write `handlers/word_count.py`. Everything else is derived from it: API validation, `GET /job-types`, the form in the
console, the queue and its dead-letter queue, the Lambda function, its permissions and its alarms. The function's
docstring is the description that users read. `chalicelib.job_types.jobtype.job` documents each setting and its limits.

    "word.count: count the words of a text."

    from pydantic import BaseModel, ConfigDict, Field

    from chalicelib import JobContext, consume, job


    class WordCount(BaseModel):
        "The text to count in."

        model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"text": "one two"}]})
        text: str = Field(max_length=10_000, description="Words with spaces between them.", examples=["one two"])


    @job("word.count", max_attempts=3, timeout=30)
    def word_count(payload: WordCount, ctx: JobContext) -> int:
        "Count the words of a text."
        return len(payload.text.split())


    handler = consume(word_count)

How an attempt ends
-------------------
* Return the result (a pydantic model or anything JSON): the job is completed.
* Raise `PermanentError` if another attempt cannot help: the job fails at once.
* Raise `RetryLater(seconds, reason)` if a service says when to retry (429 with Retry-After): the job runs again
  after that time, and the attempt is not charged to `max_attempts`.
* Raise `Retry(after=30)` to run again after exactly that time; the attempt is charged.
* Raise anything else: the job is retried after a random wait whose limit grows, and dead-lettered after its last
  attempt.

`retry_on=(Timeout,)` retries only errors of these classes, and `fail_on=(ValueError,)` never retries those.
`retry=Backoff(first=5, factor=4, longest=6 * 3600)` sets those limits, in seconds; the default is 2 s, doubled each
time, up to one hour; `retry=Delays((5, 60, 3600))` lists the waits. For a wait of over 15 minutes the
job is parked: it uses no message and no worker, and the watchdog sends a new message before the time.

`rate=Rate(14, per=1)` lets at most 14 attempts start in any second, over all workers. `fair_by="customer"` names the
field with the customer: customers take turns. `serial_by="account"` runs one job of an account at a
time, in order (docs/job-types/). `pause_when=Failing(of=20, within=300)` pauses the type while all its attempts fail
with one error.

How to change one
-----------------
* `changes=Changes(upgrade=…)` takes a function that converts an old payload to a new one. It is called for stored
  payloads that the current schema refuses. Without it, such a job waits, is tried again every hour, and counts in the
  metric `Stalled`.
* `Changes(retired=True)` refuses new jobs of the type while the stored ones are processed. Delete the file after that.

How a deployment tests one
--------------------------
`changes=Changes(smoke={"text": "one two"})` is a payload that may run after every deployment of every stage:
it must send no mail to users and charge nothing. One job with this payload must complete; if not, the
previous version is restored. Without `smoke`, a deployment only tests whether the function starts.

Rules that tests check
---------------------
* The name is the file: "word.count" is `word_count.py`, and the queue `<stack>-word-count`.
* The payload is a pydantic model: strict, extra fields forbidden, each field described. It is stored as
  `model_dump(mode="json")` and read back, and must be the same after that. The first of its `examples` is a valid
  payload.
* A job may run twice. Write to a place where a second run does no harm: under `{ctx.job_id}/{gen}-{attempt}`, or give
  `ctx.idempotency_key` to the service that is called.
* A job may use the `timeout` less 5 seconds, which are reserved for receiving and settling the job. A type whose jobs
  take about a second may run several in one invocation (`function=Function(batch_size=10)`).
* Import heavy libraries (Pillow, boto3) inside the function: the API imports every file here, for its schema.
* Import only the public names of `chalicelib` and what is in `chalicelib/builtin/`: put more code of a type there, as
  `images.py` for `image_process.py`.
* `access=AwsAccess(grants=…)` adds permissions to the function's own queue and jobs, as "service:Action:where":
  "ses:SendEmail" (from the stack's address only), "s3:GetObject:uploads/*" (a prefix of the files bucket), and so on
  (`infra/definition/iam/permissions.py` has all forms). A presigned link needs `s3:GetObject` for its object:
  S3 checks the permissions of the signer.
* Your own tables, buckets, secrets, settings and network are also declared in `@job`: docs/job-types.md.
"""

import os
from pathlib import Path

# On a laptop, `make dev` adds the types of the demo's order, which a stage in the cloud does not have.
if _examples := os.environ.get("JOBFLOW_EXAMPLES"):
    __path__.append(str(Path(__file__).parents[1] / _examples))
