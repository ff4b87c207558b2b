"""What kv and mapping share: a dict whose calls are each one read or one transaction."""
