"""Requests, replies, and the server between them; a page that asks one is in tests/browser."""
