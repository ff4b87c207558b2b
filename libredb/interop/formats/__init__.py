"""Files of rows, a format each: how they are read, and written."""
