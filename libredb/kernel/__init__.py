"""The kernel: the trust boundary. Read it from top to bottom; a file imports only those above it.

    errors       what can go wrong, sorted by who has to act
    arguments    what callers hand over, checked
    level        ops by key, in memory and in key order
    overlay      levels on top of each other: how everything is read
    gaps         where scans have found that everything was deleted
    store        every entry that was committed: a snapshot, and what is newer
    convenience  everyday forms, each a line or two over the calls that do the work
    transaction  one unit of work: it reads through, and remembers its writes
    filesystem   what is asked of storage, as numbered promises
    record       a committed transaction as bytes, with a picture of the file
    block        a piece of a snapshot as bytes, and an index of all of them
    report       what opening, judging and compacting tell
    stream       a log in pieces: which records are valid, and what follows them
    recovery     from the bytes of a log to the store they describe, and a verdict
    reading      what was found at a path, before anything is done about it
    log          records in a file that is in place: append, sync, close
    snapshot     what a compacted log begins with, read a block at a time
    compaction   the next snapshot: blocks that are copied, and blocks that are merged
    placement    which file is the database; how it is made, recovered and replaced
    image        a closed file as a stream of bytes: backup and restore
    latch        nobody after a failure of which the outcome is unknown
    guard        who may do what right now
    notices      who asked for it is told of each commit, once and in order
    commit       append, sync, apply: durable first, visible second
    facts        what a database tells about itself
    refresh      a reader that goes on: what a writer has committed since
    history      what a database tells of its commits besides the last state
    database     what users call
    shared       one sync for all threads that wait for one
    opening      from a path to an open database, or to a judgement of its file

This table is the only place of that order: a test reads it, and holds the files and their imports
against it.
"""
