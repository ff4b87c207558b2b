"""Data in and out of lenses: formats, portions, resuming, and what a file is when it is written."""
