"""The pages against the code: links, tables, snippets and public names."""
