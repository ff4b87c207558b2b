"""How deep a test nests what has to be refused for its depth."""

import sys

DEEP = 150 if sys.platform == "emscripten" else 10_000
"""A browser's worker has little stack, and what nests deeper ends it when it is taken apart."""
