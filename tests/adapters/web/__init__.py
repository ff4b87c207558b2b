"""A dict that lasts, above a database in memory and a client that asks a real server."""
