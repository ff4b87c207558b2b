"""One part at a time, by the names that the rest of the code uses."""
