"""One part of the lenses at a time; what all lenses promise is in tests/conformance."""
