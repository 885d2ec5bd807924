"""Bind pynamodb late: a model gets its table's name when the settings are known, and all models share one client."""

import functools
import threading
from typing import Any, TypeVar, cast

from pynamodb.connection.base import Connection, MetaTable
from pynamodb.connection.table import TableConnection
from pynamodb.models import Model

from chalicelib.access.reads import spend
from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.tables.schema import control_table, jobs_table
from chalicelib.settings import Settings

READS = frozenset({"BatchGetItem", "GetItem", "Query"})
M = TypeVar("M", bound=Model)


class Table(Connection):
    """Connect pynamodb to one table with the process's client; pynamodb would make a client for every model."""

    def __init__(self, name: str, region: str, properties: dict[str, Any], client: Any) -> None:
        super().__init__(region=region)
        self.name = name
        self._shared = client
        self._bound: dict[type[Model], Any] = {}
        self._binding = threading.Lock()
        self.add_meta_table(MetaTable({"TableName": name, **properties}))

    @property
    def client(self) -> Any:
        """Return the process's client."""
        return self._shared

    def dispatch(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        """Make a request, and count its read units for the caller. Raises the errors of `reads.spend`."""
        answer: dict[str, Any] = super().dispatch(operation_name, operation_kwargs)
        if operation_name in READS:
            told = answer.get("ConsumedCapacity", [])
            spend(sum(one.get("CapacityUnits", 0.0) for one in (told if isinstance(told, list) else [told])))
        return answer

    def bind(self, model: type[M]) -> type[M]:
        """Return the model as a class whose rows are in this table. It is made once: pynamodb needs milliseconds."""
        with self._binding:  # the jobs of a batch may run in several threads
            if model not in self._bound:
                self._bound[model] = self._made(model)
            return cast("type[M]", self._bound[model])

    def _made(self, model: type[M]) -> type[M]:
        meta = type("Meta", (), {"table_name": self.name, "region": self.region})
        link = TableConnection(self.name, region=self.region)
        link.connection = self
        metaclass: Any = type(model)
        bound: type[M] = metaclass(model.__name__, (model,), {"Meta": meta, "__module__": model.__module__})
        bound._connection = link  # noqa: SLF001 - pynamodb has no other way to share a client
        return bound


def jobs(settings: Settings) -> Table:
    """Return the table of jobs."""
    return _table(settings.jobs_table, settings.region, jobs_table, aws.client("dynamodb", settings.region))


def control(settings: Settings) -> Table:
    """Return the control table: everything that is not a job."""
    return _table(settings.control_table, settings.region, control_table, aws.client("dynamodb", settings.region))


def control_briefly(settings: Settings) -> Table:
    """Return the same table for requests that take about a second at most, and get one try."""
    return _table(settings.control_table, settings.region, control_table, aws.briefly("dynamodb", settings.region))


@functools.cache
def _table(name: str, region: str, properties: Any, client: Any) -> Table:
    return Table(name, region, properties(), client)
