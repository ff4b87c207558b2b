"""What `make release` makes: a folder that loads libredb by its name, and asks no other host.

Its tools take a Python of at least 3.12; without one the release says so, and the tests that need
the folder are skipped.
"""

import base64
import gzip
import hashlib
import json
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from scripts.browser.server import Server
from scripts.browser.tools import ensure_tools
from scripts.browser.wheels import ROOT, PreparationError
from scripts.release import __main__ as program
from scripts.release import compressed, making, newer_python
from scripts.release.pyodide_build import TOOLS, build_with_pyodide, require_same
from tests.browser.conftest import Tabs, asking_nobody_else

pytestmark = pytest.mark.cpython(reason="builds a release and drives a browser")

BLANK = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'

PAGE = b"""<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><pre id="out"></pre>
<script type="module">
  const worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data }) => { document.querySelector("#out").textContent = data; };
  worker.onerror = ({ message }) => { document.querySelector("#out").textContent = message; };
</script>"""

WORKER = b"""
import { loadPyodide } from "./pyodide.mjs";
try {
  const pyodide = await loadPyodide();
  await pyodide.loadPackage("libredb");
  await pyodide.loadPackage("micropip");
  self.postMessage(await pyodide.runPythonAsync(`
import libredb, libredb_opfs, micropip
with await libredb_opfs.acquire("release") as fs, libredb.open("app.libredb", fs=fs) as db:
    db.transact(lambda tx: tx.set(b"key", b"value"))
    answer = "%s %s" % (libredb.__file__.split("/", 4)[-1], db.get(b"key").decode())
answer
`));
} catch (error) {
  self.postMessage(String(error));
}
"""

CLIENT = """async () => {
  const { connect } = await import("/site/client/client.js");
  const db = await connect({
    name: "client", pyodide: "/site/pyodide.mjs", start_deadline_ms: 300_000,
  });
  const notes = db.documents("notes");
  await notes.insert({ text: "milk" });
  const error = await db.call("none").catch((error) => error.name);
  await db.destroy();
  return error;
}"""

INFLATE = """
const { readFileSync } = require("fs"), { brotliDecompressSync } = require("zlib");
const [, plain, copy] = process.argv;
if (!readFileSync(plain).equals(brotliDecompressSync(readFileSync(copy)))) process.exit(1);
"""

NO_PYTHON = "the tools of a release need a Python of at least 3.12, and none was found"


@pytest.fixture(scope="module")
def interpreter() -> str:
    interpreter = newer_python.find_newer_python()
    if interpreter is None:
        pytest.skip(NO_PYTHON)
    return interpreter


@pytest.fixture(scope="module")
def folder(interpreter: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    (folder / "libredb-0.0.0-py3-none-any.whl").write_bytes(b"of an older release")
    (folder / "pyodide.mjs.gz").write_bytes(b"of an older release")
    making.make_release(folder, interpreter, quality=compressed.SMALLEST)
    return folder


@pytest.fixture
def page(tabs: Tabs, folder: Path) -> Iterator[tuple[Page, Server]]:
    """Open a page beside the folder, and hold that it asks nobody else."""
    page = tabs.context.new_page()
    with Server() as server:
        server.serve_folder("site", folder)
        server.serve_file("site/index.html", PAGE)
        server.serve_file("site/worker.js", WORKER)
        with asking_nobody_else(page, server):
            yield page, server


def compiled(folder: Path) -> Path:
    (wheel,) = folder.glob("libredb-*-cp314-none-any.whl")
    return wheel


def plain(folder: Path) -> Path:
    (wheel,) = folder.glob("libredb-*-py3-none-any.whl")
    return wheel


def test_a_page_loads_libredb_by_name_and_compiles_nothing(page: tuple[Page, Server]) -> None:
    tab, server = page
    tab.goto(f"{server.url}/site/index.html")
    tab.wait_for_function("() => document.querySelector('#out').textContent", timeout=300_000)
    assert tab.inner_text("#out") == "libredb/__init__.pyc value"


def test_a_page_that_asks_early_loads_each_file_once_and_the_compiled_wheel(
    page: tuple[Page, Server], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab, server = page
    served: list[str] = []
    find = server.find

    def note(path: str) -> bytes | None:
        served.append(path.removeprefix("site/"))
        return find(path)

    monkeypatch.setattr(server, "find", note)
    head = documented_head()
    server.serve_file("site/index.html", f"{BLANK}{''.join(head)}".encode())
    tab.goto(f"{server.url}/site/index.html", wait_until="networkidle")
    early = [name for name in served if name != "index.html"]
    assert sorted(early) == sorted(set(early)) == sorted(file.split('"')[-2] for file in head)
    assert tab.evaluate(CLIENT) == "UsageValueError"
    assert [served.count(name) for name in early] == [1] * len(early)
    assert [name for name in served if name.endswith(".whl")] == [compiled(folder).name]


def documented_head() -> list[str]:
    """Return the lines that a page is advised to have in its head."""
    text = (ROOT / "docs" / "browser.md").read_text(encoding="utf-8")
    head = [line for line in text.splitlines() if line.startswith("<link rel=")]
    assert len(head) == 4
    return head


def test_the_lock_file_lists_the_compiled_wheel_and_what_else_is_there(folder: Path) -> None:
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
    assert sorted(lock["packages"]) == ["libredb", "micropip"]
    listed = {package["file_name"] for package in lock["packages"].values()}
    assert listed == {path.name for path in folder.glob("*.whl")} - {plain(folder).name}
    ours = lock["packages"]["libredb"]
    assert ours["sha256"] == hashlib.sha256(compiled(folder).read_bytes()).hexdigest()
    assert {"libredb", "libredb_opfs"} <= set(ours["imports"])


def test_pyodide_build_makes_the_wheel_that_the_backend_makes(
    interpreter: str, wheel: Path, folder: Path, tmp_path: Path
) -> None:
    built = build_with_pyodide(ensure_tools(TOOLS, interpreter), tmp_path)
    assert built.name == wheel.name
    assert built.read_bytes() == wheel.read_bytes() == plain(folder).read_bytes()


def test_a_wheel_that_differs_is_refused_and_the_file_named(wheel: Path, tmp_path: Path) -> None:
    other = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(other, "w") as target:
        for name in source.namelist():
            more = b"\n" if name == "libredb/room.py" else b""
            target.writestr(name, source.read(name) + more)
    with pytest.raises(PreparationError, match=r"what differs: libredb/room\.py$"):
        require_same(wheel, other)


def test_the_compiled_wheel_is_the_plain_one_but_for_its_modules(folder: Path) -> None:
    with zipfile.ZipFile(plain(folder)) as ours, zipfile.ZipFile(compiled(folder)) as theirs:
        names = [f"{name}c" if name.endswith(".py") else name for name in ours.namelist()]
        assert theirs.namelist() == names
        (record,) = (name for name in names if name.endswith("/RECORD"))
        (about,) = (name for name in names if name.endswith("/WHEEL"))
        assert "Tag: cp314-none-any" in theirs.read(about).decode().splitlines()
        for name in set(names) - {record, about}:
            assert name.endswith(".pyc") or theirs.read(name) == ours.read(name)
        for line in theirs.read(record).decode().splitlines():
            name, digest, length = line.rsplit(",", 2)
            data = theirs.read(name)
            assert name == record or (digest, length) == (digest_of(data), str(len(data)))
    with tarfile.open(next(folder.glob("libredb-*.tgz"))) as package:
        packed = package.extractfile("package/src/libredb.whl")
        assert packed is not None
        assert packed.read() == compiled(folder).read_bytes()


def digest_of(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
    return f"sha256={digest.rstrip('=')}"


def test_what_can_be_smaller_is_there_smaller_and_the_same(folder: Path) -> None:
    for file in ("pyodide.asm.wasm", "pyodide.mjs", "pyodide-lock.json", "client/client.js"):
        original = folder / file
        assert gzip.decompress(Path(f"{original}.gz").read_bytes()) == original.read_bytes()
        inflate = ["node", "-e", INFLATE, str(original), f"{original}.br"]
        assert subprocess.run(inflate, check=False).returncode == 0, file
    copies = [path for path in folder.rglob("*") if path.suffix in compressed.ENDINGS]
    assert {path.with_suffix("").suffix for path in copies} & {".whl", ".zip", ".tgz"} == set()
    for copy in copies:
        assert copy.stat().st_size < copy.with_suffix("").stat().st_size


def test_without_a_newer_python_the_release_fails_and_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(newer_python, "OLDEST", (4, 0))
    assert program.main([str(tmp_path / "site")]) == 1
    assert "needs a Python of at least 3.12" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_its_pages_can_be_kept_for_the_list_names_every_file_as_it_is(folder: Path) -> None:
    text = (folder / "pages" / "files.js").read_text(encoding="utf-8")
    listed = json.loads(text[text.index("{\n") :].rstrip(";\n"))
    assert "../pyodide-lock.json" in listed, "it is written last"
    for address, digest in listed.items():
        path = folder / "pages" / address
        content = (path / "index.html" if path.is_dir() else path).read_bytes()
        made = base64.b64encode(hashlib.sha256(content).digest()).decode()
        assert digest == f"sha256-{made}", address
