"""The bytes of the file and of what lenses keep: recorded ones, and second readers of them."""
