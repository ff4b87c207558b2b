"""SQLite in and out. Reading order: shape, importing, exporting."""
