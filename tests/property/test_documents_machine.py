"""Documents are a dict of dicts, whichever indexes there are and whatever is done to them.

A machine drives documents and a plain dict, on a database, a naive store, or one that runs each
function twice: inserts, puts, patches, deletes, upserts, one by one and many at once, indexes that
come and go, and transactions that are aborted. After each step indexes and documents agree, and
random searches find what naive code finds, in the same order, whole and page by page.
"""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import deepcopy
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import libredb
from libredb import LibreDBError, Store
from libredb.lens.documents import Documents, documents
from libredb.lens.keys.namespace import IndexRecord
from libredb.lens.values.json_value import MISSING
from tests.property.naive_values import (
    ARRAY,
    NAMES,
    RefusedError,
    compared,
    draw_document,
    draw_filter,
    draw_patch,
    draw_value,
    found,
    is_true,
    kind_of,
    patched,
)
from tests.property.profile import examples
from tests.support.case import case
from tests.support.stores import NaiveStore, RerunningStore

IDS = ("a", "a\0", "b", "B", "\U0001f600")
PATHS = ("a", "b", "c", "a.b", "id")
VALUES: tuple[Any, ...] = (
    *(None, True, 1, 1.0, 2, -0.0, "", "a", "ab", "a b", "b"),
    *([], ["a"], ["a", "b", "a"], [1, None], {"b": 1}, {"b": ["a"]}),
)
OPERATORS = (
    *("$eq", "$eq", "$eq", "$in", "$in", "$contains", "$contains", "$prefix", "$words"),
    *("$gt", "$gte", "$lt", "$lte"),
)
INDEXES: tuple[Any, ...] = (
    (["a"], {}),
    (["a", "b"], {}),
    (["b", "a", "c"], {}),
    (["c"], {"each": True}),
    (["a", "c"], {"each": True}),
    (["b"], {"words": True}),
    (["a.b"], {}),
    (["c"], {"unique": True}),
    (["a"], {"unique": True, "each": True}),
    (["b", "id"], {}),
)

Model = dict[str, dict[str, Any]]
Do = Callable[[Documents[str]], object]
"""What is done to documents."""

sources = st.integers(0, 2**32).map(random.Random)


class AbortedError(Exception):
    """Raised inside a transaction so that it leaves no trace."""


class DocumentsMachine(RuleBasedStateMachine):
    """Does the same to documents and to a dict, and compares."""

    @initialize(kind=st.sampled_from(["database", "naive", "rerunning"]), source=sources)
    def open(self, kind: str, source: random.Random) -> None:
        makers: dict[str, Any] = {
            "database": libredb.open,
            "naive": NaiveStore,
            "rerunning": RerunningStore,
        }
        self.store: Store = makers[kind]()
        self.count = 0
        self.notes: Documents[str] = documents(self.store, "notes", new_id=self.new_id)
        self.model: Model = {}
        self.source = source
        for _ in range(10):
            self.put(source)
        for _ in range(4):
            self.create_index(source)

    def new_id(self) -> str:
        self.count += 1
        return f"new{self.count:04}"

    # What is done

    @rule(source=sources)
    def insert(self, source: random.Random) -> None:
        drawn = [draw_given(source) for _ in range(source.choice([1, 1, 2, 4]))]
        self.same(lambda notes: notes.insert_many(drawn), lambda: self.placed(drawn, replace=False))

    @rule(source=sources)
    def put(self, source: random.Random) -> None:
        drawn = [draw_given(source) for _ in range(source.choice([1, 1, 2, 4]))]
        self.same(lambda notes: notes.put_many(drawn), lambda: self.placed(drawn, replace=True))

    @rule(source=sources)
    def update(self, source: random.Random) -> None:
        id, patch = source.choice(IDS), draw_patch(source)  # noqa: A001 - as documents call it
        chosen = {id: self.model[id]} if id in self.model else {}
        self.same(lambda notes: notes.update(id, patch), lambda: self.changed(chosen, patch))

    @rule(source=sources)
    def update_many(self, source: random.Random) -> None:
        condition, patch = draw_filter(source), draw_patch(source)
        chosen = self.chosen(condition)
        self.same(
            lambda notes: notes.update_many(condition, patch),
            lambda: self.changed(chosen, patch),
        )

    @rule(source=sources)
    def delete(self, source: random.Random) -> None:
        ids = source.sample(IDS, 2)
        left = {name: each for name, each in self.model.items() if name not in ids}
        self.same(lambda notes: notes.delete_many(ids), lambda: left)

    @rule(source=sources)
    def delete_where(self, source: random.Random) -> None:
        condition = draw_filter(source) or {"b": 1}
        chosen = self.chosen(condition)
        left = {name: each for name, each in self.model.items() if name not in chosen}
        self.same(lambda notes: notes.delete_where(condition), lambda: left)

    @rule(source=sources)
    def upsert(self, source: random.Random) -> None:
        condition, patch = (
            {source.choice("ab"): source.choice(VALUES[:11])},
            {"c": draw_value(source)},
        )
        chosen = self.chosen(condition)
        if len(chosen) == 1:
            self.same(
                lambda notes: notes.upsert(condition, patch), lambda: self.changed(chosen, patch)
            )
        elif not chosen:
            self.same(
                lambda notes: notes.upsert(condition, patch),
                lambda: self.placed([{**condition, **patch}], replace=False),
            )

    @rule(source=sources)
    def create_index(self, source: random.Random) -> None:
        paths, flags = source.choice(INDEXES)
        record = IndexRecord(0, tuple(tuple(path.split(".")) for path in paths), **flags)
        if record.name in [each.name for each in self.notes.indexes()]:
            return
        self.same(
            lambda notes: notes.create_index(*paths, **flags), lambda: self.model, extra=[record]
        )

    @rule(source=sources)
    def drop_index(self, source: random.Random) -> None:
        names = [record.name for record in self.notes.indexes()]
        if names:
            name = source.choice(names)
            self.same(lambda notes: notes.drop_index(name), lambda: self.model)

    # What has to be true

    @invariant()
    def indexes_and_documents_agree(self) -> None:
        if not hasattr(self, "notes"):
            return
        assert self.notes.check() == []
        assert self.notes.count() == len(self.model)
        for _ in range(3):
            self.searches_agree()

    def searches_agree(self) -> None:
        source, indexes = self.source, self.notes.indexes()
        condition = draw_search(source, indexes, [*self.model.values()])
        order = draw_order(source, indexes)
        offset, limit = source.choice([0, 0, 1]), source.choice([None, 1, 2])
        with case(condition=condition, order=order, offset=offset, limit=limit):
            expected = self.expected(condition, order)
            assert list(self.notes.find(condition, order_by=order)) == expected
            part = self.notes.find(condition, order_by=order, offset=offset, limit=limit)
            assert list(part) == expected[offset:][:limit]
            assert self.notes.count(condition) == len(expected)
            assert self.pages(condition, order) == expected
            assert self.store.transact(lambda tx: self.streamed(tx, condition, order)) == expected

    def pages(self, condition: Any, order: Any) -> list[Any]:
        rows: list[Any] = []
        after: str | None = None
        while True:
            page = self.notes.find(condition, order_by=order, limit=2, after=after).page()
            rows += page.rows
            after = page.next_cursor
            if after is None:
                return rows

    def streamed(self, tx: Any, condition: Any, order: Any) -> list[Any]:
        return list(self.notes.on(tx).find(condition, order_by=order))

    # The model

    def same(self, do: Do, change: Callable[[], Model], extra: Sequence[IndexRecord] = ()) -> None:
        """Do something to documents and to the model; either both refuse it, or none."""
        try:
            model = change()
            self.refuse_second_owners(model, [*self.notes.indexes(), *extra])
        except RefusedError:
            model = None
        before = self.count
        if self.source.random() < 0.2:
            self.aborted(do)
            self.count = before
        if model is None:
            with pytest.raises(LibreDBError):
                do(self.notes)
        else:
            do(self.notes)
            self.model = model

    def aborted(self, do: Do) -> None:
        def abort(tx: Any) -> None:
            notes = self.notes.on(tx)
            with suppress(LibreDBError):
                do(notes)
            assert notes.check() == []
            raise AbortedError

        with pytest.raises(AbortedError):
            self.store.transact(abort)

    def placed(self, drawn: list[dict[str, Any]], *, replace: bool) -> Model:
        model, count = dict(self.model), self.count
        for document in drawn:
            if "id" not in document:
                count += 1
            id = document.get("id", f"new{count:04}")  # noqa: A001 - as documents call it
            if id in model and not replace:
                raise RefusedError
            model[id] = {"id": id, **deepcopy(document)}
        return model

    def changed(self, chosen: Model, patch: Any) -> Model:
        for document in chosen.values() or [{}]:
            patched(document, patch)  # also a patch that meets no document can be refused
        return {**self.model, **{name: patched(each, patch) for name, each in chosen.items()}}

    def chosen(self, condition: Any) -> Model:
        return {name: each for name, each in self.model.items() if is_true(condition, each)}

    def expected(self, condition: Any, order: Any) -> list[Any]:
        columns: list[str] = [order] if isinstance(order, str) else order or []
        rows = sorted(self.chosen(condition).values(), key=lambda each: each["id"])
        if columns and columns[-1].startswith("-"):
            rows.reverse()
        for column in reversed(columns):
            path = column.removeprefix("-")
            keys = {each["id"]: cmp_to_key(compared)(found(each, path)) for each in rows}
            rows.sort(key=lambda each, keys=keys: keys[each["id"]], reverse=column.startswith("-"))
        return rows

    def refuse_second_owners(self, model: Model, indexes: list[IndexRecord]) -> None:
        for index in indexes:
            owned: list[list[Any]] = []
            for document in model.values() if index.unique else ():
                mine = claims(document, index)
                if any(equal_lists(claim, other) for claim in mine for other in owned):
                    raise RefusedError
                owned += mine


def claims(document: Any, index: IndexRecord) -> list[list[Any]]:
    """Return the values that a unique index lets no other document have."""
    values = [found(document, path) for path in index.fields]
    rows = [values]
    if index.each:
        rows = [[*values[:-1], each] for each in values[-1]] if kind_of(values[-1]) == ARRAY else []
    return [row for row in rows if not any(each is None or each is MISSING for each in row)]


def equal_lists(one: list[Any], other: list[Any]) -> bool:
    return all(compared(*pair) == 0 for pair in zip(one, other, strict=True))


def draw_given(source: random.Random) -> dict[str, Any]:
    """Draw a document, most of whose values are few enough to meet again."""
    document = draw_document(source) if source.random() < 0.1 else {}
    for name in source.sample(NAMES, source.choice([1, 2, 3, 3])):
        document[name] = source.choice(VALUES)
    return {**document, "id": source.choice(IDS)} if source.random() < 0.5 else document


def draw_search(
    source: random.Random, indexes: list[IndexRecord], documents: list[Any]
) -> dict[Any, Any]:
    """Draw a filter, more often than not one that an index could serve and that finds something."""
    if source.random() < 0.1:
        return draw_filter(source)
    paths = [tuple(path.split(".")) for path in PATHS]
    if indexes and source.random() < 0.8:
        index = source.choice(indexes)
        count = len(index.fields) if index.each or index.words else source.randrange(3) + 1
        paths = list(index.fields)[:count]
    else:
        paths = source.sample(paths, source.choice([0, 1, 1, 2]))
    example: Any = source.choice(documents or [{}])
    drawn: dict[Any, Any] = {}
    for path in paths:
        names = source.sample(OPERATORS, source.choice([1, 1, 1, 1, 2]))
        drawn[path] = {name: draw_for(source, name, found(example, path)) for name in names}
    if source.random() < 0.15:
        count = source.choice([0, 1, 2, 2, 3])
        drawn["$or"] = [draw_search(source, indexes, documents) for _ in range(count)]
    return drawn


def draw_for(source: random.Random, name: str, value: Any) -> Any:
    """Draw an operand, more often than not one with which it is true of a value."""
    if name == "$in":
        return [draw_for(source, "$eq", value) for _ in range(source.choice([0, 1, 2, 2, 3]))]
    if name == "$contains" and source.random() < 0.8:
        return source.choice(["a", "b", 1])
    if name in {"$prefix", "$words"}:
        return source.choice(["", "a", "b", "A", "new"])
    return source.choice(VALUES) if value is MISSING or source.random() < 0.3 else value


def draw_order(source: random.Random, indexes: list[IndexRecord]) -> Any:
    """Draw an order, more often than not one that an index could serve."""
    if indexes and source.random() < 0.6:
        fields = source.choice(indexes).fields
        columns = [".".join(path) for path in fields[source.randrange(len(fields)) :]]
        sign = source.choice(["", "-"])
    else:
        columns, sign = source.sample(PATHS, source.randrange(3)), ""
    signed = [(sign or source.choice(["", "", "-"])) + column for column in columns]
    return signed[0] if len(signed) == 1 and source.random() < 0.5 else signed or None


TestDocuments = DocumentsMachine.TestCase
TestDocuments.settings = examples(40, steps=15)
