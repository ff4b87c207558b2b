"""Mistakes that somebody could make in the kernel. Sees every layer before it."""
