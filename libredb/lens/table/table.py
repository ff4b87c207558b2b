"""Typed tables: rows of a class, found by a key, with indexes that are kept with them.

    users = libredb.table(db, "users", User, key="id", unique=["mail"], index=[("age", "name")])
    users.insert(User("1", "Ada", 36))
    for user in users.where(lambda u: (u.age >= 18) & u.name.startswith("A")): ...
    users.update("1", age=37)

Every method is one transaction, or a part of the one that `.on(tx)` names; what raises has left no
trace. A row is checked as a whole before anything of it is written. What the code says of a table,
its columns, indexes and migrations, is held against the record when it is opened, and again when
the record has changed since; see `migration`. The first write creates the table.
Absent on purpose: ids that are made up, for the class says what its key is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, Literal, TypeVar, overload

from libredb.kernel.errors import UsageTypeError
from libredb.kernel.transaction import Store, Writer
from libredb.lens.errors import LensError
from libredb.lens.keys.namespace import Lens, Namespace, find
from libredb.lens.rows.collection import Collection, Given, problems
from libredb.lens.rows.result import Explanation, Search, Source, select
from libredb.lens.rows.row import Form, Plain, Rows, check_version, check_version_argument
from libredb.lens.table.group import Groups
from libredb.lens.table.join import Joined
from libredb.lens.table.kept import Origin, form_of, given_of
from libredb.lens.table.migration import KIND, Declared, caught_up, is_current
from libredb.lens.table.recorded import Recorded
from libredb.lens.table.recording import Picked, recorded_condition, recorded_equalities
from libredb.lens.table.schema import Schema
from libredb.lens.table.selection import HasRows, Selection, rows_of

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")
R = TypeVar("R")


class _Held:
    """How rows are kept under a record; it is true as long as that is the same object again."""

    __slots__ = ("form",)

    def __init__(self) -> None:
        self.form: tuple[Namespace | None, Form | None] = (None, None)


class Table(Lens, Generic[T]):
    """The rows of one class in a store. Threads may share it.

    `_current` is a record with nothing to catch up with. What is found so inside of a transaction
    is known to the copy that `.on` made for it, and to no other: the transaction may be aborted,
    and another one make the same record without the migrations that were behind it.
    """

    kind = KIND

    def __init__(
        self, store: Store, name: str, declared: Declared, current: Namespace | None
    ) -> None:
        """Take what `table` has checked, and the record if there is nothing to catch up with."""
        super().__init__(store, name)
        self._current = current
        self._declared = declared
        self._schema: Schema[T] = declared.schema
        self._held = _Held()
        self._bind(None)

    def on(self, tx: Store, /) -> "Table[T]":
        """Return the same table inside a transaction: what it does is a part of that one."""
        moved = super().on(tx)
        moved._bind(tx)  # noqa: SLF001 - it is a copy of this one
        return moved

    # Rows in

    def insert(self, row: T) -> None:
        """Write a row that is not there yet. Reads a key, and one for each unique index.

        Raises:
            DuplicateKeyError: there is a row with this key.
            UniqueViolationError: another row has what a unique index lets only one have.
            InvalidValueError: a value does not belong in its column, or is too large.
        """
        self.insert_many([row])

    def insert_many(self, rows: Iterable[T]) -> int:
        """Write rows that are not there yet, all or none; return how many. Costs what each does.

        Raises:
            DuplicateKeyError: there is a row with one of these keys, or one comes twice.
            UniqueViolationError: another row has what a unique index lets only one have.
            InvalidValueError: a value does not belong in its column, or is too large.
        """
        plains = list(map(self._schema.plain_of, rows))

        def insert(rows: Collection) -> int:
            rows.insert(self._given(rows, plains))
            return len(plains)

        return self._change(insert)

    def put(self, row: T, *, if_version: int | None = None) -> None:
        """Write a row in place of what has its key, if anything has. Reads a key.

        Raises:
            ConflictError: the one that is there has another version; 0 stands for none.
            UniqueViolationError: another row has what a unique index lets only one have.
            InvalidValueError: a value does not belong in its column, or is too large.
        """
        check_version_argument(if_version)
        plain = self._schema.plain_of(row)
        self._change(lambda rows: rows.put(self._given(rows, [plain]), if_version))

    def upsert(self, row: T) -> Literal["inserted", "updated"]:
        """Do what `put` does; return whether the row is new, or in place of another."""
        plain = self._schema.plain_of(row)

        def upsert(rows: Collection) -> Literal["inserted", "updated"]:
            (given,) = self._given(rows, [plain])
            is_there = rows.tx.get(rows.prefix + given.packed) is not None
            rows.put([given])
            return "updated" if is_there else "inserted"

        return self._change(upsert)

    @overload
    def update(
        self, key: object, columns: Mapping[str, object], /, *, if_version: int | None = None
    ) -> bool: ...
    @overload
    def update(
        self, key: object, /, *, if_version: int | None = None, **columns: object
    ) -> bool: ...
    def update(
        self,
        key: object,
        given: Mapping[str, object] | None = None,
        /,
        *,
        if_version: int | None = None,
        **columns: object,
    ) -> bool:
        """Set columns, in a dict or by keyword; return whether the row was there. Reads its key.

        Raises:
            ConflictError: the row has another version; 0 stands for none.
            UsageTypeError: there is no such column.
            UsageValueError: it would change the key.
            InvalidValueError: a value does not belong in its column, or is too large.
            UniqueViolationError: another row has what a unique index lets only one have.
        """
        check_version_argument(if_version)
        parts = self._schema.parts_of_key(key)
        changes = self._schema.changes(_one_of(given, columns), parts)

        packed = self._pack(key)

        def update(rows: Collection) -> bool:
            return rows.update(packed, lambda plain: self._changed(plain, changes), if_version)

        return self._edit_rows(update, lambda: self._absent(key, if_version))

    @overload
    def update_where(self, fn: Callable[[T], bool], columns: Mapping[str, object], /) -> int: ...
    @overload
    def update_where(self, fn: Callable[[T], bool], /, **columns: object) -> int: ...
    def update_where(
        self,
        fn: Callable[[T], bool],
        given: Mapping[str, object] | None = None,
        /,
        **columns: object,
    ) -> int:
        """Set columns of all rows of which a condition is true; return how many. Reads them.

        Raises what `where` and `update` raise; unique indexes judge what is left of the whole call.
        """
        search = Search(recorded_condition(self._schema, fn), order=None)
        changes = self._schema.changes(_one_of(given, columns))

        def update(rows: Collection) -> int:
            return rows.update_all(search, lambda plain: self._changed(plain, changes))

        return self._edit_rows(update, int)

    def delete(self, key: object, *, if_version: int | None = None) -> bool:
        """Delete a row; return whether it was there. Reads its key. Raises ConflictError as put."""
        check_version_argument(if_version)
        packed = self._pack(key)
        return self._edit_rows(
            lambda rows: rows.delete([packed], if_version) > 0,
            lambda: self._absent(key, if_version),
        )

    def delete_where(self, fn: Callable[[T], bool]) -> int:
        """Delete all rows of which a condition is true; return how many. Reads them."""
        search = Search(recorded_condition(self._schema, fn), order=None)
        return self._edit_rows(lambda rows: rows.delete_all(search), int)

    def clear(self) -> int:
        """Delete all rows; return how many there were. Reads every key, and keeps the indexes."""
        return self._edit_rows(lambda rows: rows.clear(), int)

    def drop_index(self, name: str) -> None:
        """Delete an index that is no longer declared, by its name in `indexes()`.

        Raises:
            MissingKeyError: there is none of that name.
        """
        self._change(lambda rows: rows.drop_index(name))

    # Rows out

    def get(self, key: object) -> T | None:
        """Return the row with this key, or None. Reads one key."""
        packed = self._pack(key)
        plain = self._origin.read(lambda rows: rows.get(packed), lambda: None)
        return None if plain is None else self._schema.row_of(plain)

    def get_versioned(self, key: object) -> tuple[T | None, int]:
        """Return the row and its version, for `if_version`; or None and 0. Reads one key."""
        packed = self._pack(key)
        plain, version = self._origin.read(
            lambda rows: rows.get_versioned(packed), lambda: (None, 0)
        )
        return None if plain is None else self._schema.row_of(plain), version

    def get_many(self, keys: Iterable[object]) -> list[T | None]:
        """Return the row of each key, or None, from one state. Reads one key for each."""
        ids = list(map(self._pack, keys))
        absent: list[Plain | None] = [None] * len(ids)
        found = self._origin.read(lambda rows: rows.get_many(ids), lambda: absent)
        return [None if plain is None else self._schema.row_of(plain) for plain in found]

    def all(self) -> Selection[T, T]:
        """Return all rows, in the order of their keys."""
        return rows_of(self._origin)

    def where(self, fn: Callable[[T], bool]) -> Selection[T, T]:
        """Return the rows of which a condition is true: `where(lambda u: u.age >= 18)`.

        The function is run once, here, on a row that writes down what is done to it. Nothing is
        read before the result is; `explain()` tells how that is done.

        Raises:
            UsageTypeError: the function returns no condition.
            InvalidValueError: it compares a column with what is never in it.
        """
        return self.all().where(fn)

    def find(
        self, given: Mapping[str, object] | None = None, /, **columns: object
    ) -> Selection[T, T]:
        """Return the rows that have these values in these columns.

        Raises:
            UsageTypeError: there is no such column.
            InvalidValueError: a value is never in its column.
        """
        expression = recorded_equalities(self._schema, _one_of(given, columns))
        return Selection(self._origin, Search(expression), self._schema.row_of)

    def count(self) -> int:
        """Return how many rows there are. Reads every key."""
        return self.all().count()

    def __len__(self) -> int:
        """Return how many rows there are. Reads every key."""
        return self.count()

    def __bool__(self) -> bool:
        """Return True: a table is there, also without rows."""
        return True

    def __iter__(self) -> Iterator[T]:
        """Yield all rows, in the order of their keys."""
        return iter(self.all())

    def __contains__(self, key: object) -> bool:
        """Whether there is a row with this key. Reads it."""
        packed = self._pack(key)
        return self._origin.read(lambda rows: rows.tx.get(rows.prefix + packed) is not None, bool)

    def select(self, column: Callable[[T], V], /) -> Selection[T, V]:
        """Return some columns of all rows, see `Selection.select`."""
        return self.all().select(column)

    def order_by(self, *columns: Picked[T], reverse: bool = False) -> Selection[T, T]:
        """Return all rows in an order, see `Selection.order_by`."""
        return self.all().order_by(*columns, reverse=reverse)

    def join(self, other: HasRows[U], left: Picked[T], right: Picked[U]) -> Joined[tuple[T, U]]:
        """Return pairs of rows of two tables, see `Selection.join`."""
        return self.all().join(other, left, right)

    def left_join(
        self, other: HasRows[U], left: Picked[T], right: Picked[U]
    ) -> Joined[tuple[T, U | None]]:
        """Return pairs of rows of two tables, or of a row and None, see `Selection.left_join`."""
        return self.all().left_join(other, left, right)

    @overload
    def group_by(self, by: str) -> Groups[T, Any]: ...
    @overload
    def group_by(self, by: Callable[[T], V]) -> Groups[T, V]: ...
    def group_by(self, by: Picked[T]) -> Groups[T, Any]:
        """Return all rows in groups that have a column in common, see `Selection.group_by`."""
        return self.all().group_by(by)

    # About the table

    def explain(self) -> Explanation:
        """Return how all rows are read; each selection has an `explain` of its own."""
        return self.all().explain()

    def indexes(self) -> list[str]:
        """Return the names of all indexes, oldest first, also of those that are not declared."""
        return self._read(
            lambda _, namespace: [index.name for index in namespace.indexes], list[str]
        )

    def check(self) -> list[str]:
        """Return where rows, columns and indexes do not agree, in words. Reads every key."""
        return self._origin.read(lambda rows: problems(rows) + self._wrong_rows(rows), list[str])

    def _wrong_rows(self, rows: Rows) -> list[str]:
        """Return what is wrong with values that no column of the class takes."""
        found: list[str] = []
        try:
            for _, plain in select(rows, Search(order=None)):
                try:
                    self._schema.plain_values(self._schema.values_of(plain))
                except LensError as error:
                    found.append(str(error))
        except LensError:
            pass  # the row is damaged, as `problems` says
        return found

    def _pack(self, key: object) -> bytes:
        """Return the bytes of a key, or refuse it."""
        return self._origin.source.form.pack(key)

    def _bind(self, tx: Store | None) -> None:
        """Settle where rows are read from."""
        form = form_of(self._schema, Recorded.of(self._schema))
        source = Source(self._name, KIND, form, self._read, tx)
        self._origin = Origin(source, self._schema, self._form, self._store)

    def _form(self, namespace: Namespace) -> Form:
        """Return how rows are kept; asked again where the record is another object."""
        known, form = self._held.form
        if form is None or known is not namespace:
            form = self._declared.form(namespace)
            self._held.form = (namespace, form)
        return form

    def _change(self, work: Callable[[Collection], R]) -> R:
        """Return what `work` does in one transaction, which creates the table if need be."""

        def change(tx: Writer) -> R:
            return work(self._collection(tx, find(tx, self._name, KIND)))

        return self._store.transact(change)

    def _edit_rows(self, work: Callable[[Collection], R], absent: Callable[[], R]) -> R:
        """Do the same where there is a table, or return `absent()`."""
        return self._edit(lambda tx, namespace: work(self._collection(tx, namespace)), absent)

    def _collection(self, tx: Writer, namespace: Namespace | None) -> Collection:
        """Return the rows to be written, once the record is what the code says."""
        if namespace is None or namespace is not self._current:
            if namespace is not None and is_current(tx, namespace, self._declared):
                self._current = namespace
            else:
                namespace = caught_up(tx, self._name, namespace, self._declared)
        return Collection(tx, namespace, self._form(namespace))

    def _absent(self, key: object, if_version: int | None) -> bool:
        """Return False, for there is no row, unless a version of it was expected."""
        check_version(None, if_version, key, self._name)
        return False

    def _given(self, rows: Collection, plains: Iterable[Plain]) -> list[Given]:
        return [given_of(self._schema, rows.form, plain) for plain in plains]

    def _changed(self, plain: Plain, changes: Plain) -> Plain:
        """Return a changed row, of which its class has made sure that it can be."""
        new = {**plain, **changes}
        self._schema.row_of(new)
        return new


def _one_of(given: Mapping[str, object] | None, columns: dict[str, object]) -> Mapping[str, object]:
    """Return columns that were given in a dict, or by keyword."""
    if given is not None and columns:
        raise UsageTypeError("columns are given in a dict, or by keyword, not both")
    return columns if given is None else given
