"""Files of the TypeScript LibreDB, recorded ones and our own: read, upgraded, and written again."""
