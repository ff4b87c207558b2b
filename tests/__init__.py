"""The proof that libredb does what it says; each folder has a border, told in its `__init__.py`."""
