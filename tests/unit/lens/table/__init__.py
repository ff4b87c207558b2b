"""The parts of typed tables, one at a time; what all lenses promise is in tests/conformance."""
