"""The kernel: the trust boundary. `libredb/__init__.py` tells the order to read it in."""
