"""The kernel: the trust boundary. Read it from top to bottom; a file imports only those above it.

    errors       what can go wrong, sorted by who has to act
    store        the ordered map: every entry, in memory, in key order
    transaction  one unit of work: it reads through, and remembers its writes
    filesystem   what is asked of storage, as numbered promises
    record       a committed transaction as bytes, with a picture of the file
    recovery     from the bytes of a log to the store they describe, and a verdict
    log          the only file that does input and output: append, sync, recover, replace
    guard        one thread at a time, and nobody after a failure
    database     where the parts meet: durable first, visible second
    opening      from a path to an open database, or to a judgement of its file

This table is the only place of that order: a test reads it, and holds the files and their imports
against it.
"""
