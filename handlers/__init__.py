"""The job types: one file here is one job type, one queue, one Lambda function; and nothing else is in this folder.

How to add one
--------------
Write `handlers/word_count.py`; everything else follows from it (API validation, `GET /job-types`, the dashboard's form,
the queue and its dead-letter queue, the Lambda function, its permissions and its alarms); the limits are explained at
`chalicelib.jobs.jobtype.job`, and the function's docstring is what people read about it:

    "word.count: how many words a text has."

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

Rules that tests hold
---------------------
* The name is the file: "word.count" is `word_count.py`, and the queue `<stack>-word-count`.
* The payload is a pydantic model: strict, extra fields forbidden, each field described. It is stored as
  `model_dump(mode="json")` and read back, so that round trip must hold. The first of its `examples` works as it is.
* Return the result (a pydantic model or anything JSON). Raise `PermanentError` when trying again cannot help; any other
  exception is tried again, after a random wait whose limit grows, until the attempts are spent and the job is
  dead-lettered.
* A job may run twice. Write where a second run does no harm: under `{ctx.job_id}/{gen}-{attempt}`, or with
  `ctx.idempotency_key` given to the service that is called.
* A job may use the `timeout` less 5 seconds, which are kept for receiving and settling it. A type whose jobs take a
  second or so may take several at once (`batch_size`).
* Import heavy libraries (Pillow, boto3) inside the function: the API imports every file here, for its schema.
* Room for more code is in `chalicelib/`, as `chalicelib/builtin/images.py` is for `image_process.py`.
* `grants` names what the function may do beyond its own queue and jobs, as "service:Action:where": "ses:SendEmail"
  (from the stack's address only), "s3:GetObject:uploads/*" (a prefix of the files bucket), and so on
  (`infra/definition/permissions.py` has the forms). A presigned link needs the `s3:GetObject` of what it links to: S3
  checks the permissions of the one who signed it.
"""
