"""Typed tables: rows of a class, with columns, keys, indexes and migrations."""
