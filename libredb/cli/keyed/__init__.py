"""Keys and what is below them, whatever keeps them: `opening` finds out, and the others are it."""
