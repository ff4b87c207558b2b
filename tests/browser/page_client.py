"""A tab that uses the client in JavaScript: bodies of functions, and what they return."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Site

_FUNCTION = """async ([wheel, args]) => {
  const lib = await import("/client/client.js");
  const usual = { pyodide: "/pyodide/pyodide.mjs", wheel, patience_ms: 20000 };
  const open = (name, more) =>
    lib.connect({ name, ...usual, start_deadline_ms: 120000, ...more });
  const text = (bytes) => bytes && new TextDecoder().decode(bytes);
  const told = async (promise) => {
    try {
      return { value: await promise };
    } catch (error) {
      const { name, code, message, fields, cause } = error;
      return { name, code, message, fields, cause: cause?.name };
    }
  };
  BODY
}"""


@dataclass
class ClientTab:
    """A page that loads the client; what a body puts on `window` stays until the page goes."""

    page: "Page"
    site: "Site"

    def load(self, query: str = "") -> "ClientTab":
        """Show the empty page, again if it is shown; one of another query is another page."""
        self.page.goto(f"{self.site.url}/blank.html{query}")
        return self

    def go(self, steps: int, query: str = "") -> None:
        """Go back or forward to the page of this query, which browsers have kept as it was left."""
        # Playwright waits for a page to load, and over WebDriver BiDi none of these does.
        self.page.evaluate("(steps) => history.go(steps)", steps)
        self.page.wait_for_function("(query) => location.search === query", arg=query)

    def run(self, body: str, *args: Any) -> Any:
        """Run the body of an async function: it has lib, open(name, more), text, told and args."""
        wheel = self.site.load["wheels"][0]
        return self.page.evaluate(_FUNCTION.replace("BODY", body), [wheel, list(args)])

    def open(self, name: str, more: str = "{}") -> None:
        """Connect, and keep the client as `db`."""
        self.run(f"window.db = await open(args[0], {more});", name)
