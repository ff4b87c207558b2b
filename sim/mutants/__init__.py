"""Broken kernels, and who notices them. Sees every layer before it."""
