"""The root conftest: the one place where pytest accepts a plugin that adds options."""

pytest_plugins = ["tests.runtime.plugin"]
