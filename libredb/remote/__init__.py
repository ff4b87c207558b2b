"""One database for several clients, wherever they are: messages in, messages out.

    errors       what only happens between a client and a server
    values       what JSON lacks, as JSON: how arguments and results cross
    message      requests and replies as data, errors by their codes
    functions    a user's own functions, which clients call by name
    schema       what a client declares: made if it is missing
    calls        what can be asked for: a file for each lens
    upkeep       what is asked of the database as a whole
    server       answers one request after the other

It knows no transport: a page's worker hands over a text and posts back a text. Only whole units
cross, so no transaction is ever open between two messages.
"""

from libredb.remote.errors import DeadlineError, ProtocolError, RemoteFunctionError
from libredb.remote.functions import Functions, functions, register, transaction
from libredb.remote.server import Host, Server

__all__ = [
    "DeadlineError",
    "Functions",
    "Host",
    "ProtocolError",
    "RemoteFunctionError",
    "Server",
    "functions",
    "register",
    "transaction",
]
