"""The project as text: borders, sizes, words and products; never what the database does."""
