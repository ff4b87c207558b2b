"""The guide for pages is true: its page of ten lines counts visits, its snippets run in order."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page

from scripts.browser.server import Server
from scripts.browser.wheels import ROOT
from tests.browser.conftest import Tabs

pytestmark = pytest.mark.cpython(reason="drives a browser")

GUIDE = (ROOT / "docs" / "guide" / "browser.md").read_text(encoding="utf-8")

FRAME = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script type="module" src="snippets.js"></script>"""

SNIPPETS = """
import { connect } from "./client/client.js";
globalThis.printed = [];
console.log = (...values) => printed.push(values);
%s
globalThis.isDone = true;
"""

WITH_FUNCTIONS = """async (text) => {
  const { connect } = await import("./client/client.js");
  const db = await connect({ name: "functions", pyodide: "pyodide.mjs", module: { text } });
  await db.set("a", "1");
  await db.documents("notes").insertMany([{ level: "info" }, { level: "info" }]);
  const encode = (text) => new TextEncoder().encode(text);
  await db.call("rename", encode("a"), encode("b"));
  const found = [await db.call("per_level"), await db.has("a"), await db.has("b")];
  await db.destroy();
  return found;
}"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def visit(tabs: Tabs, folder: Path) -> Iterator[tuple[Page, Server, list[str]]]:
    page = tabs.context.new_page()
    errors: list[str] = []

    def note(error: Error) -> None:
        errors.append(error.message)

    page.on("pageerror", note)
    with Server() as server:
        server.serve_folder("site", folder)
        yield page, server, errors
        page.close()


def test_it_begins_with_a_page_of_ten_lines(visit: tuple[Page, Server, list[str]]) -> None:
    page, server, errors = visit
    (html,) = blocks("html")
    script = html.split("<script")[1]
    assert len(script.splitlines()) <= 10
    server.serve_file("site/index.html", html.encode())
    for number in (1, 2):
        page.goto(f"{server.url}/site/index.html")
        page.wait_for_function(
            "() => document.querySelector('#out').textContent.endsWith('visits')", timeout=120_000
        )
        assert page.inner_text("#out") == f"{number} visits"
    server.serve_file("elsewhere/index.html", html.encode())
    page.goto(f"{server.url}/elsewhere/index.html")
    page.wait_for_function("() => document.querySelector('#out').textContent !== 'loading ...'")
    assert page.inner_text("#out").startswith("TypeError: ")  # there is no client
    assert errors == []


def test_its_snippets_run_one_after_the_other(visit: tuple[Page, Server, list[str]]) -> None:
    page, server, errors = visit
    server.serve_file("site/index.html", FRAME.encode())
    server.serve_file("site/snippets.js", (SNIPPETS % "\n".join(blocks("js"))).encode())
    page.goto(f"{server.url}/site/index.html")
    page.wait_for_function("() => globalThis.isDone === true", timeout=120_000)
    printed = page.evaluate("() => JSON.parse(JSON.stringify(printed))")
    assert ["Ada"] in printed
    assert [{"dark": True}, 1] in printed
    assert ["buy milk"] in printed
    assert [[{"id": "1", "name": "Ada", "age": 36}]] in printed
    assert errors == []


def test_its_functions_are_called_by_name(visit: tuple[Page, Server, list[str]]) -> None:
    page, server, _ = visit
    (module,) = blocks("python")
    server.serve_file("site/index.html", FRAME.replace("snippets", "client/wheel").encode())
    page.goto(f"{server.url}/site/index.html")
    assert page.evaluate(WITH_FUNCTIONS, module) == [[["info", 2]], False, True]
