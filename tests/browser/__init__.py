"""A real browser driven from outside; tests that run inside of one are in all other folders."""
