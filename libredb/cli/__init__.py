"""The `libredb` command. Reading order: main, console, characters, writer, kill, demo."""
