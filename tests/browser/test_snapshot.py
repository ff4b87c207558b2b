"""The experimental snapshot: a start makes it, the next one begins with it, what is unfit is told.

It is off by default, and nothing is kept then. What a page sees is the same with and without it.
Two starts from one snapshot share all memory; so `random` gave both of them the same numbers.
"""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import Site, Tabs
from tests.browser.page_client import ClientTab

pytestmark = pytest.mark.cpython(reason="drives a browser")

START = """
  const notes = [];
  const onProgress = ({ note }) => note && notes.push(note);
  const db = await open(args[0], { ...args[1], onProgress });
  const people = db.documents("people");
  const id = await people.insert({ name: "Ada", at: 1 });
  const found = (await people.find({ name: "Ada" }).toArray()).length;
  const random = await db.call("drawn");
  await db.close();
  return { notes: notes.join(), id, found, random, isKept: await caches.has("libredb-snapshot") };
"""

MODULE = """
import random
from libredb.remote import register

@register
def drawn(db):
    return random.random()
"""

# What is kept says of which build of Pyodide it is: eight numbers behind the first four.
OF_ANOTHER_BUILD = """
  const cache = await caches.open("libredb-snapshot");
  const [request] = await cache.keys();
  const kept = await cache.match(request);
  const bytes = new Uint8Array(await kept.arrayBuffer());
  bytes.fill(0, 16, 48);
  await cache.put(request, new Response(bytes, { headers: kept.headers }));
"""


@pytest.fixture(scope="module")
def tab(site: Site, tabs: Tabs) -> Iterator[ClientTab]:
    tab = ClientTab(tabs.context.new_page(), site).load()
    yield tab
    tab.run("await caches.delete('libredb-snapshot')")
    tab.page.close()


def test_a_start_from_a_snapshot_is_one_like_any_other(tab: ClientTab) -> None:
    options: dict[str, object] = {"module": {"text": MODULE}}
    without = tab.run(START, "ordinary", options)
    assert (without["notes"], without["isKept"]) == ("", False)
    options["snapshot"] = "experimental"
    made, started = (tab.run(START, "kept", options) for _ in range(2))
    assert made["notes"].startswith("made a snapshot of ")
    assert made["notes"].endswith(" bytes: there is none")
    assert started["notes"] == "started from a snapshot"
    assert [each["found"] for each in (without, made, started)] == [1, 1, 2]
    assert len({each["id"] for each in (without, made, started)}) == 3
    assert made["random"] != started["random"]
    tab.run(OF_ANOTHER_BUILD)
    told = tab.run(START, "kept", options)
    assert told["notes"].startswith("made a snapshot of ")
    assert "does not fit: Error: Snapshot build id mismatch" in told["notes"]
    assert told["found"] == 3
