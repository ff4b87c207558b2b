"""Values, conditions and patches as data; nothing here has a store."""
