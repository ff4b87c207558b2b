"""What can be asked for, by name: a file for each lens.

    call         a function whose signature says what it takes, and what checks a request by it
    raw          keys and values as bytes
    kv           text keys and their values
    documents    JSON objects
    filters      conditions and values of a table, as JSON without its class
    table        rows, by what is recorded of their table
    catalog      which namespaces there are

A call runs in one transaction: `read` in one that only reads, `write` in one that commits if it
returns. What a call returns is a value that crosses.
"""

from libredb.remote.calls import catalog, documents, kv, raw, table
from libredb.remote.calls.call import Call, Scope

CALLS: dict[str, Call] = {
    **raw.CALLS,
    **kv.CALLS,
    **documents.CALLS,
    **table.CALLS,
    **catalog.CALLS,
}

__all__ = ["CALLS", "Call", "Scope"]
