"""The pages and examples against the code: links, tables, snippets and public names."""
