"""Mistakes in the catalog and in namespaces: names that lead to nothing, or to what is another's.

Absent on purpose: what a record looks like; the tests of namespaces see to that.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import LENSES

_CATALOG = "lens/catalog.py"
_NAMESPACE = "lens/keys/namespace.py"
_DELETE = "            tx.delete(RECORDS + name.encode())\n"
_SAVE = "            save(tx, replace(namespace, name=new_name))\n"
_MIGRATIONS = "            delete_range(tx, prefix_range(migrations_of(namespace.number)))\n"

MUTANTS: tuple[Mutant, ...] = (
    one("a namespace keeps its old name", _CATALOG, _DELETE + _SAVE, _SAVE, LENSES),
    one(
        "a new name forgets the indexes",
        _CATALOG,
        _SAVE,
        "            save(tx, replace(namespace, name=new_name, indexes=()))\n",
        LENSES,
    ),
    one(
        "a namespace takes the name of another one",
        _CATALOG,
        "            if name != new_name and find(tx, new_name) is not None:\n",
        "            if find(tx, new_name) == namespace != find(tx, name):\n",
        LENSES,
    ),
    one(
        "a namespace that is dropped leaves its keys",
        _CATALOG,
        "            return delete_range(tx, namespace.keys.range())\n",
        "            return 0\n",
        LENSES,
    ),
    one(
        "a namespace that is dropped leaves its name",
        _CATALOG,
        _DELETE + _MIGRATIONS,
        _MIGRATIONS,
        LENSES,
    ),
    one(
        "two namespaces get one number",
        _NAMESPACE,
        '    tx.set(LAST_NUMBER, b"%d" % namespace.number)\n',
        '    tx.set(LAST_NUMBER, b"%d" % (namespace.number - 1))\n',
        LENSES,
    ),
    one(
        "the layout is not written",
        _NAMESPACE,
        "    tx.set(SYSTEM, LAYOUT)\n",
        "",
        LENSES,
    ),
    one(
        "a namespace is opened as another kind",
        _NAMESPACE,
        "    if kind is not None and namespace.kind != kind:\n",
        "    if kind is None and namespace.kind != kind:\n",
        LENSES,
    ),
    one(
        "an index takes the number of another one",
        _NAMESPACE,
        "    number = 1 + max((known.number for known in namespace.indexes), default=0)\n",
        "    number = 1 + len(namespace.indexes)\n",
        LENSES,
    ),
)
