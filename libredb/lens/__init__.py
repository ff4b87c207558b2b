"""Lenses: typed views on a `Store`. Read from top to bottom; a file imports only those above it.

    errors                   what a lens refuses, with the place of it
    keys.encoding            tuples as bytes, in the order of the tuples
    keys.order_key           one value as bytes, in the order that filters and indexes share
    keys.subspace            a prefix, and the keys below it
    keys.namespace           which lens keeps what below which prefix
    catalog                  the namespaces of a store
    values.json_value        what a document may hold, and where it holds something else
    values.expression        a condition as data, and what tests a document for it
    values.filter            a condition as a dict, as people write it
    values.patch             what an update does to a document, as data
    rows.row                 one row, a document or a row of a table, as it is kept
    rows.index               entries that lead from values to rows
    rows.order               an order of rows, and the place of a row in it
    rows.facts               what a condition says of each path
    rows.way                 what an index can do for a search
    rows.plan                which keys a search reads
    rows.cursor              the place of a row in a search, as text
    rows.result              the rows of a search, read when somebody asks for them
    rows.collection          rows and indexes, written together
    rows.group               rows in groups, and one value for each
    rows.ids                 ids that rise with time, and those that count
    rows.document            one document as a row
    documents                a collection of JSON objects
    dictionaries.dictionary  what a dict can do, each call one read or one transaction
    mapping                  the raw keys of a store, as a dict of bytes
    dictionaries.kv_values   how a kv writes its values
    dictionaries.kv_entries  what a kv keeps inside of one transaction, with versions and deadlines
    kv                       text keys and their values, as a dict
    values.tagged_json       what JSON lacks, as JSON
    values.exchange          the same for other programs
    table                    rows of a class, in a folder with a table of its own

A lens owns no storage, no lock and no cache: each operation is one transaction of its store.
"""
