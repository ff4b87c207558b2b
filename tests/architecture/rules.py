"""What a rule about imports is: pure functions over who imports what.

A rule is written as a function, so that each can be tried on a sample that breaks it. A rule that
nothing can break holds nothing.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from tests.architecture.checkout import Import

Imports = Mapping[str, Sequence[Import]]
"""Each module by its name, and what it imports."""


def is_within(module: str, package: str) -> bool:
    """Whether a module is the package or something in it."""
    return module == package or module.startswith(f"{package}.")


def uses(imports: Imports) -> Iterator[tuple[str, str]]:
    """Yield every pair of a module and one that it imports."""
    for module, found in imports.items():
        for imported in found:
            yield module, imported.module


def refused(
    imports: Imports, allowed: Collection[str] = (), *, package: str | None = None
) -> list[str]:
    """Name the imports that are not allowed, as "importer imports imported".

    Args:
        imports: the modules that the rule is for.
        allowed: what they may import; whatever is in a package that is allowed is so too.
        package: the rule is only about what is imported from there; None: about everything.
    """
    return [
        f"{module} imports {imported}"
        for module, imported in uses(imports)
        if (package is None or is_within(imported, package))
        and not any(is_within(imported, name) for name in allowed)
    ]


def unused(imports: Imports, allowed: Collection[str]) -> set[str]:
    """Return which of the modules that are allowed nobody imports."""
    imported = {module for _, module in uses(imports)}
    return {name for name in allowed if not any(is_within(module, name) for module in imported)}


def out_of_order(imports: Imports, package: str, order: Sequence[str]) -> list[str]:
    """Name each import from one part of `package` to a later part, or from a part to none.

    The parts are modules or packages right below it; what is inside one part is its own affair.
    """
    found: list[str] = []
    for module, imported in uses(imports):
        importer_part, part = (_part(name, package) for name in (module, imported))
        if importer_part is None or not is_within(imported, package) or importer_part == part:
            continue
        before = order[: order.index(importer_part)]
        if part not in before:
            found.append(f"{module} imports {imported}")
    return found


def _part(module: str, package: str) -> str | None:
    """Return the name right below `package` that a module belongs to, or None."""
    inside = module.removeprefix(f"{package}.")
    return None if inside == module else inside.partition(".")[0]


def circles(imports: Imports) -> list[set[str]]:
    """Return each set of modules that import one another, directly or through others."""
    graph = {
        module: {imported.module for imported in found if imported.module in imports}
        for module, found in imports.items()
    }
    reach = {module: _reachable(graph, module) for module in graph}
    found: list[set[str]] = []
    for module in graph:
        if module in reach[module]:
            circle = {other for other in reach[module] if module in reach[other]}
            if circle not in found:
                found.append(circle)
    return found


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """Return the modules that `start` leads to; itself only if it comes back."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached
