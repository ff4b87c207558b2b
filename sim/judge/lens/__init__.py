"""Calls of lenses: what they mean, what they do, and whether both agree after any crash."""
