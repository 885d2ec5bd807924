"""Name every action that the audit log has, so that a list by a wrong one is refused, and not empty. Pure."""

from difflib import get_close_matches

ACTIONS = (
    "batch.cancel", "batch.close", "batch.retry", "bulk.cancel", "bulk.discard", "bulk.retry", "bulk.stop",
    "dead-letters.redrive", "erasure.start", "error.acknowledge", "error.reopen", "error.resolve", "job.cancel",
    "job.delete", "job.discard", "job.event", "job.retry", "job.run-now", "job-type.pause", "job-type.remove",
    "job-type.resume", "jobs.cancel", "jobs.discard", "jobs.retry", "limit.reset", "limit.set", "schedule.change",
    "schedule.create", "schedule.delete", "schedule.pause", "schedule.resume", "schedule.run", "session.begin",
    "session.end", "session.revoke", "stage.backup", "stage.deploy", "stage.destroy", "stage.recount", "stage.restore",
    "stage.rollback", "token.issue", "token.revoke", "token.rotate", "view.delete", "view.save", "webhook.change",
    "webhook.create", "webhook.delete", "webhook.enable", "webhook.rotate", "webhook.send-again",
)  # fmt: skip


def instead_of(asked: str) -> str:
    """Return which actions can be meant by an unknown one, as a text: those that share a word, or all first words."""
    kind, _, what = asked.partition(".")
    alike = [one for one in ACTIONS if one.partition(".")[0] == kind or (what or kind) in one.partition(".")[2]]
    alike = alike or get_close_matches(asked, ACTIONS, n=9, cutoff=0.5)
    if alike:
        return f"is no action; similar ones: {', '.join(alike)}"
    kinds = dict.fromkeys(one.partition(".")[0] for one in ACTIONS)
    return f"is no action; an action begins with one of: {', '.join(f'{one}.' for one in kinds)}"
