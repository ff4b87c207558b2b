"""Mistakes in tables: openings that forget, rows that are not what their class says, and joins.

Absent on purpose: rows and indexes, which a table has in common with documents; see documents.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import LENSES

_COLUMNS = "lens/table/columns.py"
_GROUP = "lens/table/group.py"
_JOIN = "lens/table/join.py"
_MIGRATION = "lens/table/migration.py"
_OPENING = "lens/table/opening.py"
_RECORDED = "lens/table/recorded.py"
_SCHEMA = "lens/table/schema.py"
_SELECTION = "lens/table/selection.py"
_TABLE = "lens/table/table.py"
_TESTS = "tests/unit/lens/table"

MUTANTS: tuple[Mutant, ...] = (
    # Openings and migrations
    one(
        "a migration that ran is not recorded",
        _MIGRATION,
        "        add_migration(tx, namespace, title)\n",
        "        del title\n",
        LENSES,
    ),
    one(
        "of several migrations only the first one runs",
        _MIGRATION,
        "    for migration in waiting:\n        rows = [",
        "    for migration in [*waiting][:1]:\n        rows = [",
        LENSES,
    ),
    one(
        "a row that a migration gives up stays as it was",
        _MIGRATION,
        "rows = [made for row in rows if (made := _made(migration, row)) is not None]",
        "rows = [_made(migration, row) or row for row in rows]",
        LENSES,
    ),
    one(
        "a migration leaves the old rows beside the new ones",
        _MIGRATION,
        "    old.clear()\n",
        "",
        LENSES,
    ),
    one(
        "an index of a column that is gone stays",
        _MIGRATION,
        "        if all(path[0] in recorded.columns for path in index.fields)\n",
        "",
        LENSES,
    ),
    one(
        "an index that is declared later is not built",
        _MIGRATION,
        " and all(has_index(namespace, index) for index in declared.indexes)",
        "",
        LENSES,
    ),
    one(
        "a unique index is opened as any other",
        _OPENING,
        "    indexes = [_index(schema, columns, unique=True) for columns in unique]\n",
        "    indexes = [_index(schema, columns, unique=False) for columns in unique]\n",
        LENSES,
    ),
    one(
        "a table that waits for a migration can be read as it is",
        _OPENING,
        "        if not is_read_only or store.read(is_waiting):\n",
        "        if not is_read_only:\n",
        f"{_TESTS}/test_opening.py::test_a_database_open_for_reading_is_read_as_it_is",
    ),
    one(
        "an open table does not notice that its record has changed",
        _TABLE,
        "        if namespace is None or namespace is not self._current:\n",
        "        if namespace is None:\n",
        f"{_TESTS}/test_opening.py::test_an_index_that_is_gone_is_built_again_by_the_next_write",
    ),
    # What is recorded of a class
    one(
        "the default of a new column is not recorded",
        _RECORDED,
        "replace(new, default=column.to_json(column.to_plain(column.default.make())))",
        "new",
        LENSES,
    ),
    one(
        "a default that is recorded is forgotten by the next opening",
        _RECORDED,
        "    return replace(old, is_optional=new.is_optional), None\n",
        "    return new, None\n",
        LENSES,
    ),
    one(
        "a class that lacks a column is taken over",
        _RECORDED,
        '        return old, f"recorded as {old}, and the class has none"\n',
        "        return old, None\n",
        LENSES,
    ),
    one(
        "a column that lets None in is closed again without a migration",
        _RECORDED,
        "    if old.type != new.type or old.is_optional > new.is_optional:\n",
        "    if old.type != new.type:\n",
        f"{_TESTS}/test_schema.py::test_anything_else_is_a_mismatch_that_tells_all_differences",
    ),
    # Rows and columns
    one(
        "values are taken as they are",
        _SCHEMA,
        "name: None if is_optional and values[name] is None else take(values[name])",
        "name: values[name]",
        LENSES,
    ),
    one(
        "an update changes the key in the row alone",
        _SCHEMA,
        "            if name in self.key and not (parts and",
        "            if name in self.key and (parts and",
        LENSES,
    ),
    one(
        "a key of several columns is in the order of their names",
        _SCHEMA,
        "        return tuple([plain[name] for name in self.key])\n",
        "        return tuple([plain[name] for name in sorted(self.key)])\n",
        LENSES,
    ),
    one(
        "a bool is an int",
        _COLUMNS,
        '    if type(value) is not int:\n        raise unfit("int", value)\n',
        '    if not isinstance(value, int):\n        raise unfit("int", value)\n',
        f"{_TESTS}/test_columns.py::test_a_value_of_another_type_is_refused_with_what_was_expected",
    ),
    one(
        "None belongs in no column",
        _COLUMNS,
        "        if value is None and self.is_optional:\n            return None\n",
        "",
        f"{_TESTS}/test_columns.py::test_none_belongs_in_optional_columns_alone",
    ),
    # What is asked of rows
    one(
        "a second condition takes the place of the first",
        _SELECTION,
        "        expression = all_of([self._search.expression, condition])\n",
        "        expression = all_of([condition])\n",
        f"{_TESTS}/test_selection.py",
    ),
    one(
        "an order without a column goes up even when it is turned",
        _SELECTION,
        "            order = [(name, True) for name in schema.key]\n",
        "            order = [(name, False) for name in schema.key]\n",
        f"{_TESTS}/test_selection.py",
    ),
    one(
        "None is equal to None in a join",
        _JOIN,
        "    return None if None in values else packer(len(values))(values)\n",
        "    return packer(len(values))(values)\n",
        f"{_TESTS}/test_join.py::test_none_is_equal_to_nothing",
    ),
    one(
        "pairs come in the order of an index",
        _JOIN,
        "            for _, row in sorted(rows, key=lambda each: each[0]):\n",
        "            for _, row in rows:\n",
        LENSES,
    ),
    one(
        "a join forgets which rows of the other table are meant",
        _JOIN,
        "            condition = all_of([equal, self._right.search.expression])\n",
        "            condition = equal\n",
        f"{_TESTS}/test_join.py::test_both_sides_can_be_selections",
    ),
    one(
        "a left join leaves out who has no other",
        _JOIN,
        "                if not others and self._is_left:\n",
        "                if not others and self._is_left and key is None:\n",
        LENSES,
    ),
    one(
        "a None takes a group back to where it began",
        _GROUP,
        "                found[key] = total if value is None else step(total, value)\n",
        "                found[key] = start if value is None else step(total, value)\n",
        f"{_TESTS}/test_group.py::test_numbers_are_summed_and_averaged_without_none",
    ),
    one(
        "groups come in the order of their first rows",
        _GROUP,
        "for key in _ascending(found)}",
        "for key in found}",
        LENSES,
    ),
)
