"""The commands: a file each, named like the command; `libredb/cli/main.py` lists them.

A name that is a word of Python has an underscore behind it: `import_`.

A command is a module with three texts, annotated as `str`: `SUMMARY`, a line for the list of
commands; `DESCRIPTION`, which its own help begins with; `EXAMPLE`, a call that works as it stands.
And with two functions: `add_arguments(parser)`, and `run(console, arguments)`, which returns the
exit code. `run` lets errors pass: `main` knows what each of them is to the caller.
"""
