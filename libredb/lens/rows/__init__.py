"""What documents and tables share: rows, indexes, plans, and results."""
