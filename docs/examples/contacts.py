"""Contacts with undo: `python contacts.py contacts.libredb`, then add, set, del, list, undo.

The log of the database is the history. `db.changes` says which keys a commit wrote, a look at the
version before it says what they were, and one transaction puts that back: the documents and the
entries of their indexes alike, for both are keys.
"""

import sys

import libredb


class Contacts:
    """Contacts by name. What happened since this was made can be undone, step by step."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.db = libredb.open(path)
        self.people = libredb.documents(self.db, "contacts")
        self.people.create_index("name", unique=True)
        self.first = self.db.version
        self.settled: set[int] = set()  # the versions that are undone, and those that undid

    def add(self, name: str, mail: str) -> str:
        return self.people.insert({"name": name, "mail": mail})

    def change(self, name: str, mail: str) -> int:
        return self.people.update_many({"name": name}, {"mail": mail})

    def delete(self, name: str) -> int:
        return self.people.delete_where({"name": name})

    def lines(self) -> list[str]:
        return [f"{each['name']} <{each['mail']}>" for each in self.people.find(order_by="name")]

    def undo(self) -> bool:
        """Undo the last step that is not undone; return whether there was one."""
        steps = [step for step in self.db.changes(since=self.first) if step[0] not in self.settled]
        if not steps:
            return False
        version, ops = steps[-1]
        with libredb.open(self.path, mode="r", version=version - 1) as past:
            before = [(key, past.get(key)) for key, _ in ops]
        self.settled |= {version, self.db.transact(lambda tx: put_back(tx, before))}
        return True


def put_back(tx: libredb.Writer, entries: list[tuple[bytes, bytes | None]]) -> int:
    for key, value in entries:
        if value is None:
            tx.delete(key)
        else:
            tx.set(key, value)
    return tx.version


def main(path: str) -> None:
    contacts = Contacts(path)
    calls = {"add": contacts.add, "set": contacts.change, "del": contacts.delete}
    calls |= {"list": contacts.lines, "undo": contacts.undo}
    with contacts.db:
        for line in sys.stdin:
            name, *arguments = line.split()
            try:
                print(calls[name](*arguments))
            except (KeyError, TypeError, libredb.LibreDBError) as error:
                print(error)


if __name__ == "__main__":
    main(sys.argv[1])
