"""A worker that fails in any way of its own, or a browser that does, is an error that says how."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import Site, Tabs
from tests.browser.page_client import ClientTab

pytestmark = pytest.mark.cpython(reason="drives a browser")

HELLO = "postMessage({ kind: 'hello' });"

# Ready at once, and then a reply to `connect`; what comes after that is in the place of AFTER.
READY = """
postMessage({ kind: "hello" });
let asked = 0;
onmessage = ({ data }) => {
  if (data.kind === "start") return postMessage({ kind: "ready" });
  const { id } = JSON.parse(data.text);
  if (asked++ === 0) {
    postMessage({ kind: "reply", text: JSON.stringify({ id, version: 1, value: {} }) });
  } else {
    AFTER
  }
};
"""

OPEN_WITH = """
  const worker = URL.createObjectURL(new Blob([args[0]], { type: "text/javascript" }));
  const client = open("workers", { worker, start_deadline_ms: 500 });
"""


@pytest.fixture(scope="module")
def tab(site: Site, tabs: Tabs) -> Iterator[ClientTab]:
    tab = ClientTab(tabs.context.new_page(), site).load()
    yield tab
    tab.page.close()


@pytest.mark.parametrize(
    ("script", "name", "message"),
    [
        ("throw new Error('at once');", "WorkerError", "could not be loaded: "),
        ("(", "WorkerError", "could not be loaded"),
        ("", "DeadlineError", "after 500 ms, at the step script"),
        (HELLO, "DeadlineError", "after 500 ms, at the step hello"),
        (f"{HELLO} throw new Error('later');", "WorkerError", "the worker failed: "),
        (f"{HELLO} postMessage({{ kind: 'fatal', message: 'wasm' }});", "WorkerError", "wasm"),
    ],
    ids=["throws", "is no script", "is silent", "says hello", "fails later", "is fatal"],
)
def test_a_worker_that_does_not_start_is_an_error_and_not_a_wait(
    tab: ClientTab, script: str, name: str, message: str
) -> None:
    found = tab.run(f"{OPEN_WITH} return told(client);", script)
    assert (found["name"], message in found["message"]) == (name, True), found


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        ("setTimeout(() => { throw new Error('uncaught'); });", "OutcomeUnknownError"),
        ("postMessage({ kind: 'fatal', message: 'wasm' });", "OutcomeUnknownError"),
        ("close();", "OutcomeUnknownError"),
        ("postMessage({ kind: 'reply', text: 'no JSON' });", "OutcomeUnknownError"),
    ],
    ids=["throws", "is fatal", "closes", "talks nonsense"],
)
def test_a_worker_that_fails_while_it_runs_leaves_no_call_waiting(
    tab: ClientTab, after: str, outcome: str
) -> None:
    found = tab.run(
        f"""{OPEN_WITH}
      const db = await client;
      const soon = {{ deadline_ms: 1000 }};
      const both = [db.set("a", "1", soon), db.get("a", soon)];
      const ended = await Promise.all(both.map(told));
      db.terminate();
      return ended;
    """,
        READY.replace("AFTER", after),
    )
    assert found[0]["name"] == outcome, found
    assert found[1]["name"] in {"WorkerError", "DeadlineError"}, found


def test_a_private_window_that_refuses_its_files_is_told_as_such(tab: ClientTab) -> None:
    # As Firefox does; Chromium has no such window, so its worker is made to refuse.
    script = f"""
      StorageManager.prototype.getDirectory = async () => {{
        throw new DOMException("Security error when calling GetDirectory", "SecurityError");
      }};
      await import("{tab.site.url}/client/worker.js");
    """
    found = tab.run(
        """
      const worker = URL.createObjectURL(new Blob([args[0]], { type: "text/javascript" }));
      return told(open("workers", { worker }));
    """,
        script,
    )
    assert found["name"] == "StoragePermissionError"
    assert "a private window (Firefox)" in found["message"]
