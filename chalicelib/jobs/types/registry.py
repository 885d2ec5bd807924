"""The declared job types by name. `jobtype` fills it and hands out these functions."""

import importlib
import importlib.util
import pkgutil
from typing import TYPE_CHECKING, Any

from chalicelib.errors import ConfigurationError, FieldError, UnknownJobType
from chalicelib.jobs.limits import SQS_LONGEST_DELAY
from chalicelib.jobs.types.lineage import check_enqueues

if TYPE_CHECKING:
    from chalicelib.jobs.types.jobtype import JobType
    from chalicelib.jobs.types.rate import Rate

BUILT_IN = "chalicelib.builtin.types"
PACKAGES = ("handlers", BUILT_IN)
"""The packages in which job types are declared."""


class Declared:
    """The base of what `@job` makes: `load` finds it in a file."""


registered: "dict[str, JobType[Any, Any]]" = {}


def get(name: str) -> "JobType[Any, Any]":
    """Return the job type of that name; raises UnknownJobType that lists the known ones."""
    try:
        return registered[name]
    except KeyError:
        known = ", ".join(sorted(registered)) or "none"
        raise UnknownJobType(
            f"There is no job type {name!r}.", [FieldError(("type",), f"must be one of: {known}")]
        ) from None


def give_up_at(name: str, start: float) -> float | None:
    """Return when a run of that type that is due at `start` is given up; None also for a type that is not declared."""
    kind = registered.get(name)
    return None if kind is None else kind.give_up_at(start)


def pace(name: str) -> "Rate | None":
    """Return the rate of that type on this stage; None without one, and for a type that is not declared."""
    kind = registered.get(name)
    return None if kind is None else kind.pace


def serial(name: str) -> bool:
    """Return whether the jobs of that type run one at a time for a key: its queues are FIFO queues."""
    kind = registered.get(name)
    return kind is not None and kind.serial_by is not None


def longest_delay(name: str) -> int:
    """Return for how many seconds the type's queue can delay a message: FIFO queues hold back no single one."""
    return 0 if serial(name) else SQS_LONGEST_DELAY


def out_of_order(name: str) -> bool:
    """Return whether that type's messages are received in another order than they were sent: by tenants, or by keys.

    That a later one was received then says nothing of an earlier one.
    """
    kind = registered.get(name)
    return kind is not None and kind.keyed_by is not None


def all_types() -> "list[JobType[Any, Any]]":
    """Every declared job type, by name."""
    return [registered[name] for name in sorted(registered)]


def names() -> list[str]:
    """Return the name of every declared job type."""
    return sorted(registered)


def load(*packages: str) -> "list[JobType[Any, Any]]":
    """Import every file of the packages, so that each declares its type. Raises ConfigurationError on a wrong name."""
    for package in packages or PACKAGES:
        found = importlib.import_module(package)
        for module in pkgutil.iter_modules(found.__path__):
            loaded = importlib.import_module(f"{package}.{module.name}")
            here: list[Any] = [value for value in vars(loaded).values() if isinstance(value, Declared)]
            if [d.module for d in here] != [module.name]:
                raise ConfigurationError(
                    f"{package}/{module.name}.py declares {[d.name for d in here]}; "
                    f"a file declares exactly one job type, the one that is named like it"
                )
    check_enqueues(registered)
    return all_types()


def declared(name: str) -> "JobType[Any, Any]":
    """Return a job type that another one names: a worker imports the file of a type when it first makes such a job.

    Raises UnknownJobType when no file declares it.
    """
    files = [] if name in registered else [f"{package}.{name.replace('.', '_')}" for package in PACKAGES]
    for file in files:
        if importlib.util.find_spec(file) is not None:
            importlib.import_module(file)
            break
    return get(name)
