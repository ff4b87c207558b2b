"""Data on its way in and out, through libredb/interop and its commands: what becomes of it."""
