"""DynamoDB queries that read their page and not the table.

For every query moto collects the whole table, sorts it, and then looks for the page. Here each index that has been
queried is kept sorted, and moto's own query, which still decides everything, is shown only the items from the start of
the page to the one after its end.
"""

import re
import threading
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models import dynamo_type
from moto.dynamodb.models.table import Table

from .page import Question, page
from .patching import Replacements
from .table_views import TableViews

_LIST_ELEMENT = re.compile(r"\[\d+\]$")


def repair(replacements: Replacements, views: TableViews) -> None:
    """All repairs of this module."""
    keep_views(replacements, views)
    show_only_the_page(replacements, views)
    project_plain_names_directly(replacements)


def keep_views(replacements: Replacements, views: TableViews) -> None:
    """Tell the views of every write; all of moto's ways to write an item end in one of these three."""

    def put_item(table: Any, *args: Any, **kwargs: Any) -> Any:
        item = stock_put(table, *args, **kwargs)
        views.note(table, item.hash_key, item.range_key)
        return item

    def delete_item(table: Any, hash_key: Any, range_key: Any) -> Any:
        item = stock_delete(table, hash_key, range_key)
        views.note(table, hash_key, range_key)
        return item

    def update_item(backend: Any, table_name: str, *args: Any, **kwargs: Any) -> Any:
        item = stock_update(backend, table_name, *args, **kwargs)
        views.note(backend.get_table(table_name), item.hash_key, item.range_key)
        return item

    stock_put = replacements.put(Table, "put_item", put_item)
    stock_delete = replacements.put(Table, "delete_item", delete_item)
    stock_update = replacements.put(models.DynamoDBBackend, "update_item", update_item)


def show_only_the_page(replacements: Replacements, views: TableViews) -> None:
    """While a query runs, the `all_items` of its table gives the page the view has found, already sorted."""
    shown = threading.local()

    def query(table: Any, *args: Any, **kwargs: Any) -> Any:
        question = Question.of(args, kwargs)
        view = views.get(table, question.index_name)
        shown.items = None if view is None else page(view, question)
        try:
            return stock_query(table, *args, **kwargs)
        finally:
            shown.items = None

    def all_items(table: Any) -> Any:
        items = getattr(shown, "items", None)
        return stock_all_items(table) if items is None else items

    stock_query = replacements.put(Table, "query", query)
    stock_all_items = replacements.put(Table, "all_items", all_items)


def project_plain_names_directly(replacements: Replacements) -> None:
    """For each name in a projection, an index's included too, moto turns the whole item into Python values and back."""

    def project(item: Any, expressions: list[list[str]]) -> Any:
        if any(len(path) != 1 or _LIST_ELEMENT.search(path[0]) for path in expressions):
            return stock_project(item, expressions)
        projected = object.__new__(type(item))
        projected.hash_key, projected.range_key = item.hash_key, item.range_key
        projected.attrs = dynamo_type.LimitedSizeDict()
        for (name,) in expressions:
            if name in item.attrs:
                dict.__setitem__(projected.attrs, name, item.attrs[name])
        return projected

    stock_project = replacements.put(dynamo_type.Item, "project", project)
