"""Mistakes in the lenses, five or more for each of them."""
