"""The keys of lenses, one file at a time; no value is stored here."""
