"""Measurements: programs, never timed tests."""
