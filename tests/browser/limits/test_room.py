"""Room: what Chromium gives, in powers of two, and what a database does that gets no more.

An open file has room of 1 MiB, 2, 4, and so on up to 128, and then in steps of 128. Growing past
one of these takes room for the next, so that a database is full with half its size free; and what
`storage()` tells does not show it. DevTools, which only Chromium has, set the quota here.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import Site, Tabs
from tests.browser.page_client import ClientTab

pytestmark = [
    pytest.mark.cpython(reason="drives a browser"),
    pytest.mark.engine("chromium", reason="sets the quota through its developer tools"),
]

MIB = 1 << 20

# Commits one after the other, of 60,000 bytes under the same key; `count` is of acknowledged ones.
WRITE = """
  window.commitUpTo = async (log_bytes) => {
    for (;;) {
      const value = new Uint8Array(60_000).fill(count % 251);
      if ((await db.stats()).log_bytes + value.length >= log_bytes) return;
      await db.transact([
        { op: "set", key: "large", value }, { op: "set", key: "count", value: String(count + 1) },
      ]);
      count++;
    }
  };
"""


@pytest.fixture
def tab(site: Site, tabs: Tabs) -> Iterator[ClientTab]:
    tab = ClientTab(tabs.context.new_page(), site).load()
    yield tab
    tab.page.close()


@pytest.fixture
def devtools(site: Site, tabs: Tabs, tab: ClientTab) -> Iterator[Any]:
    session = tabs.context.new_cdp_session(tab.page)
    yield session
    session.send("Storage.overrideQuotaForOrigin", {"origin": site.url})


def leave_room(devtools: Any, tab: ClientTab, room_bytes: int) -> None:
    """Set the quota to what is used and so much more."""
    used = tab.run("return (await db.storage()).usage_bytes;")
    quota = {"origin": tab.site.url, "quotaSize": used + room_bytes}
    devtools.send("Storage.overrideQuotaForOrigin", quota)


def test_a_database_is_full_with_half_its_size_free_and_loses_nothing(
    tab: ClientTab, devtools: Any
) -> None:
    tab.open("room")
    tab.run("window.count = 0;" + WRITE)
    tab.run("await commitUpTo(args[0]);", 3.5 * MIB)

    # Less than 1 MiB: no room for the second file, however small. But the first has its 4 MiB.
    leave_room(devtools, tab, MIB * 9 // 10)
    before = tab.run("return [await told(db.compact()), count, (await db.stats()).log_bytes];")
    assert refused_for_room(before[0]), before
    assert before[2] > 3 * MIB, "nothing was compacted"
    after = tab.run("await commitUpTo(args[0]); return count;", 4 * MIB)
    assert after >= before[1] + 5, "what fits goes on after a compaction that did not"

    # Half of its size, and full.
    leave_room(devtools, tab, 2 * MIB)
    full = tab.run("""
      const report = await db.storage();
      const refusal = await told(commitUpTo(Infinity));
      return [refusal, (await told(db.get("count"))).name, count, report];
    """)
    assert refused_for_room(full[0]), full
    assert "1 MiB, 2, 4, and so on" in full[0]["message"]
    assert full[1] == "DatabaseFailedError"
    assert full[3]["usage_bytes"] >= 4 * MIB, "an open file uses what it was given"
    assert full[3]["quota_bytes"] - full[3]["usage_bytes"] > 1000 * MIB, "it suggests more room"

    # What was acknowledged is there; and what is live is small, so that a compaction makes room.
    tab.run("await told(db.close());")
    tab.open("room")
    found = tab.run(
        """
      const there = Number(text(await db.get("count")));
      const is_whole = (await db.get("large")).every((byte) => byte === (there - 1) % 251);
      const compacted = await told(db.compact());
      const acknowledged = count;
      count = there;
      await commitUpTo(args[0]);
      const more = count - there;
      await db.close();
      return { there, is_whole, acknowledged, compacted, more };
    """,
        MIB,
    )
    assert found["there"] in {full[2], full[2] + 1}, "one outcome is unknown"
    assert found["acknowledged"] == full[2]
    assert found["is_whole"]
    assert "name" not in found["compacted"], found
    assert found["more"] >= 5


def refused_for_room(told: Any) -> bool:
    """Whether a call was refused because there is no room."""
    return told.get("name") == "StorageError" and told["fields"]["errno"] == "ENOSPC"
