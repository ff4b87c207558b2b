"""Kits for those who write an adapter or a store of their own: numbered promises, as functions."""
