"""Files of the TypeScript LibreDB, formats 0 and 1: read, upgraded, and written again.

    log         the bytes of a file: which transactions they hold, and where they are damaged
    javascript  JSON as JavaScript writes and reads it
    layout      what its lenses keep under which keys
    report      what was moved, and what did not fit
    sorting     what each of its entries becomes here
    outgoing    what a database of ours would be there
    memory      a file system for the database that is not in place yet
    place       files at a path: read, looked for, put in place
    upgrade     from its file to a database of ours
    convert     and back

Nothing here changes a file that is there. Absent on purpose: writing to a file of these formats.
"""
