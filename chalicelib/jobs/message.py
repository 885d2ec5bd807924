"""Write and read the body of a queue message: `{"v":1,"id":…,"gen":…,"type":…,"cid":…}`. Pure."""

import json

from chalicelib.errors import MalformedMessage
from chalicelib.jobs.port import Message

VERSION = 1


def write_message(message: Message) -> str:
    """Return the message body: at most 300 bytes, no payload."""
    body = {"v": VERSION, "id": message.id, "gen": message.gen, "type": message.type, "cid": message.cid}
    return json.dumps(body, separators=(",", ":"))


def parse_message(body: str) -> Message:
    """Return the content of a message body; raises MalformedMessage with the problem."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedMessage("the body is not JSON") from error
    if not isinstance(content, dict):
        raise MalformedMessage("the body is not a JSON object")
    if content.get("v") != VERSION:
        raise MalformedMessage(f"version is {content.get('v')!r}, and this worker reads {VERSION}")
    job_id, gen, job_type, cid = (content.get(name) for name in ("id", "gen", "type", "cid"))
    if not (isinstance(job_id, str) and isinstance(job_type, str) and job_id and isinstance(cid or "", str)):
        raise MalformedMessage("id, type and cid must be strings")
    if not isinstance(gen, int) or isinstance(gen, bool) or gen < 1:
        raise MalformedMessage("gen must be a whole number of at least 1")
    return Message(job_id, gen, job_type, cid or "")


def message_of_type(body: str, job_type: str) -> Message:
    """Return the content of a message on a type's queue; raises MalformedMessage, also for another type's message."""
    message = parse_message(body)
    if message.type != job_type:
        raise MalformedMessage(f"type is {message.type!r}, and this queue carries {job_type!r}")
    return message
