"""What is packed works: in a page without a bundler, in an app that Vite builds, in TypeScript.

No request leaves 127.0.0.1: the browser is told to refuse all others, and none is even tried.
"""

import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from scripts.browser.npm_package import make_package
from scripts.browser.server import Server
from scripts.browser.wheels import ROOT, VITE, pyodide_folder
from tests.browser.conftest import Tabs, asking_nobody_else

pytestmark = pytest.mark.cpython(reason="builds a package and drives a browser")

MAIN = """
import { connect, DuplicateKeyError } from "libredb";
const out = document.querySelector("#out");
try {
  const db = await connect({ name: "packed", pyodide: "/pyodide/pyodide.mjs" });
  const notes = db.documents("notes");
  await notes.put({ id: "1", text: "milk" });
  const twice = await notes.insert({ id: "1" }).catch((error) => error);
  const name = twice instanceof DuplicateKeyError ? twice.name : String(twice);
  out.textContent = `${(await notes.get("1")).text}, ${name}.`;
  await db.close();
} catch (error) {
  out.textContent = `${error}.`;
}
"""

HEAD = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><pre id="out"></pre>'

MAP = '<script type="importmap">{"imports": {"libredb": "/package/src/client.js"}}</script>'

TYPED = """
import { connect, ConflictError, type Op } from "libredb";

const db = await connect({ name: "app", pyodide: "/pyodide/pyodide.mjs" });
const value: Uint8Array | null = await db.get("key");
const op: Op = { op: "set", key: "a", value: new Uint8Array(), expect: null };
const done: (boolean | null)[] = await db.transact([op], { deadline_ms: 5 });
for await (const [key] of db.scan({ prefix: "a" })) key.byteLength;
for await (const row of db.table("t").find({ a: 1 }, { order_by: ["-a"] })) row.a;
const { document, version } = await db.documents("d").getVersioned("1");
if (document) await db.documents("d").put(document, { if_version: version });
try { await db.kv("k").incr("n"); } catch (error) {
  if (error instanceof ConflictError) error.fields.id;
}
export { done, value };
"""

WRONG = [
    "db.get(7);",
    'db.transact([{ op: "set", key: "a" }]);',
    'db.documents("d").find({}, { orderby: "a" });',
    'connect({ name: "app" });',
]


@pytest.fixture(scope="module")
def tarball(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_package(tmp_path_factory.mktemp("npm"), wheel)


@pytest.fixture(scope="module")
def app(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an app in which the package is installed."""
    app = tmp_path_factory.mktemp("app")
    installed = app / "node_modules"
    with tarfile.open(tarball) as archive:
        archive.extractall(installed, filter="data")
    (installed / "package").rename(installed / "libredb")
    (app / "package.json").write_text('{"private": true, "type": "module"}')
    (app / "main.js").write_text(MAIN)
    (app / "index.html").write_text(f'{HEAD}<script type="module" src="/main.js"></script>')
    return app


@pytest.fixture
def visit(tabs: Tabs) -> Iterator[tuple[Page, Server]]:
    page = tabs.context.new_page()
    with Server() as server:
        server.serve_folder("pyodide", pyodide_folder())
        with asking_nobody_else(page, server):
            yield page, server


def shown(page: Page) -> str:
    page.wait_for_function(
        "() => document.querySelector('#out').textContent.endsWith('.')", timeout=120_000
    )
    return page.inner_text("#out")


def test_a_page_without_a_bundler_uses_the_package(app: Path, visit: tuple[Page, Server]) -> None:
    page, server = visit
    server.serve_folder("package", app / "node_modules" / "libredb")
    script = f'{HEAD}{MAP}<script type="module">{MAIN}</script>'
    server.serve_file("index.html", script.encode())
    page.goto(f"{server.url}/index.html")
    assert shown(page) == "milk, DuplicateKeyError."


def test_an_app_that_vite_builds_uses_the_package(app: Path, visit: tuple[Page, Server]) -> None:
    page, server = visit
    build(["node", str(VITE), "build"], app)
    built = sorted((app / "dist" / "assets").iterdir())
    assert sum(path.suffix == ".whl" for path in built) == 1
    assert sum(path.name.startswith("worker") for path in built) == 1
    server.serve_folder("assets", app / "dist" / "assets")
    server.serve_file("index.html", (app / "dist" / "index.html").read_bytes())
    page.goto(f"{server.url}/index.html")
    assert shown(page) == "milk, DuplicateKeyError."


def test_typescript_knows_what_the_client_takes_and_gives(app: Path) -> None:
    assert diagnosed(app, TYPED) == ""
    for wrong in WRONG:
        assert "error TS" in diagnosed(app, f"{TYPED}\n{wrong}"), wrong


def test_the_package_is_of_the_version_of_its_wheel_and_holds_no_more(
    tarball: Path, wheel: Path
) -> None:
    with tarfile.open(tarball) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
        described = archive.extractfile("package/package.json")
        assert described is not None
        version = json.loads(described.read())["version"]
    assert wheel.name.split("-")[1] == version
    modules = {path.name for path in (ROOT / "web" / "src").glob("*.js")}
    expected = {f"src/{name}" for name in modules} | {"src/libredb.whl"}
    expected |= {f"types/{Path(name).stem}.d.ts" for name in modules}
    assert names == expected | {"package.json", "README.md", "LICENSE"}


def build(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def diagnosed(app: Path, source: str) -> str:
    """Return what the type checker says of a source that uses the package."""
    (app / "typed.ts").write_text(source)
    options = ["--noEmit", "--strict", "--target", "esnext", "--module", "esnext"]
    options += [
        "--moduleResolution",
        "bundler",
        "--lib",
        "esnext,dom,dom.asynciterable",
        "typed.ts",
    ]
    tsc = str(ROOT / "web" / "node_modules" / ".bin" / "tsc")
    done = subprocess.run([tsc, *options], cwd=app, capture_output=True, text=True, check=False)
    return done.stdout
