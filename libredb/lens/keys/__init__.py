"""The keys of all lenses: values as bytes in order, prefixes, and what is recorded of them."""
