"""What the architecture tests look at: the files of the checkout and what they import."""

import ast
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE_ROOTS = (ROOT, ROOT / "adapters")


class Import(NamedTuple):
    """One import of a file: the module, by its whole name, and whether it waits for a call."""

    module: str
    inside_function: bool


def project_files() -> list[Path]:
    """Return every file that is or would be committed: tracked, or new and not ignored.

    Skips the test where that cannot be told: in the sources of a release, which git knows not.
    """
    if not (ROOT / ".git").exists():
        pytest.skip("only a checkout knows which files belong to it")
    # Root may look at a checkout that belongs to somebody else.
    git = ["git", "-c", "safe.directory=*"]
    listing = subprocess.run(
        [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    paths = (ROOT / name for name in listing.split("\0") if name)
    return sorted(path for path in paths if path.is_file())


def python_files(*folders: str) -> list[Path]:
    """Return the Python files in these folders of the checkout, ascending by path."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    """Return the name that a file of ours is imported by."""
    source_root = SOURCE_ROOTS[1] if path.is_relative_to(SOURCE_ROOTS[1]) else ROOT
    parts = path.relative_to(source_root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(*folders: str) -> dict[str, list[Import]]:
    """Return what each file of these folders imports, by the names of both."""
    return {
        module_name(path): imports_of(path.read_text(encoding="utf-8"))
        for path in python_files(*folders)
    }


def imports_of(source: str) -> list[Import]:
    """Return what a source imports; `from package import module` counts as `package.module`."""
    found: list[Import] = []
    _collect(ast.parse(source), False, found)
    return found


def sample(**sources: str) -> dict[str, list[Import]]:
    """Return what made-up modules import: each by its name, with `__` for a dot."""
    return {name.replace("__", "."): imports_of(source) for name, source in sources.items()}


def _collect(node: ast.AST, inside_function: bool, found: list[Import]) -> None:  # noqa: FBT001 - it is the state of the walk
    if isinstance(node, ast.Import):
        found += [Import(alias.name, inside_function) for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        # Relative imports are a lint error (TID252), so `module` is always the whole name.
        package = node.module or "."
        found += [Import(_resolve(package, alias.name), inside_function) for alias in node.names]
    inside_function = inside_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    for child in ast.iter_child_nodes(node):
        _collect(child, inside_function, found)


def _resolve(package: str, name: str) -> str:
    """Return the module that `from package import name` loads: the package, or a module in it."""
    for root in SOURCE_ROOTS:
        candidate = root.joinpath(*package.split("."), name)
        if candidate.is_dir() or candidate.with_suffix(".py").is_file():
            return f"{package}.{name}"
    return package
