"""Define what packages need from outside, as Protocols, one module for each noun. `adapters/` implements them.

No default and no behaviour here, only what is promised; `tests/contract/` holds each adapter to it.
"""

from chalicelib.jobs.ports.auto_pause import AutoPauses, Prober
from chalicelib.jobs.ports.bulk import Background, BulkAction, BulkActionRows, BulkState, Reason
from chalicelib.jobs.ports.control import Consumers, Deploys, Helpers, Pauses, RateWindows, Window
from chalicelib.jobs.ports.counters import (
    Acknowledged,
    Acknowledgements,
    Additions,
    Canaries,
    Census,
    CounterRows,
    Counters,
    CounterTable,
    Deploy,
    ErrorHour,
    Pause,
    Row,
    Seen,
    SeenPage,
    Standing,
    Times,
)
from chalicelib.jobs.ports.jobs import Filter, JobStore, Overdue, Page, Search, Sharing
from chalicelib.jobs.ports.logs import PlatformLog
from chalicelib.jobs.ports.past_pauses import PastPause, PastPauses
from chalicelib.jobs.ports.queue import DeadMessage, Depth, JobQueue, Message
from chalicelib.jobs.ports.schedules import Schedules
from chalicelib.jobs.ports.secrets import SecretStore
from chalicelib.jobs.ports.turns import Turns

__all__ = [
    "Acknowledged",
    "Acknowledgements",
    "Additions",
    "AutoPauses",
    "Background",
    "BulkAction",
    "BulkActionRows",
    "BulkState",
    "Canaries",
    "Census",
    "Consumers",
    "CounterRows",
    "CounterTable",
    "Counters",
    "DeadMessage",
    "Deploy",
    "Deploys",
    "Depth",
    "ErrorHour",
    "Filter",
    "Helpers",
    "JobQueue",
    "JobStore",
    "Message",
    "Overdue",
    "Page",
    "PastPause",
    "PastPauses",
    "Pause",
    "Pauses",
    "PlatformLog",
    "Prober",
    "RateWindows",
    "Reason",
    "Row",
    "Schedules",
    "Search",
    "SecretStore",
    "Seen",
    "SeenPage",
    "Sharing",
    "Standing",
    "Times",
    "Turns",
    "Window",
]
