/** Programs to begin with; each runs by itself, on a database that has anything in it or nothing. */

/** @type {Record<string, string>} */
export const EXAMPLES = {
  Documents: `import libredb

notes = libredb.documents(db, "notes")
notes.create_index("level", "at")

notes.insert({"level": "warn", "text": "Disk is nearly full", "at": 7})
notes.insert({"level": "info", "text": "Started", "at": 8})

for note in notes.find({"level": "warn"}, order_by="-at"):
    print(note["at"], note["text"])

notes.count()
`,
  "A table": `import libredb
from dataclasses import dataclass

@dataclass
class User:
    id: str
    name: str
    age: int

users = libredb.table(db, "users", User, key="id", index=["age"])
users.put(User("u1", "Ada", 36))
users.put(User("u2", "Bo", 17))

users.where(lambda u: u.age >= 18).first()
`,
  "Text keys": `import libredb
from datetime import timedelta

settings = libredb.kv(db, "settings")
settings["theme"] = "dark"
settings.set("hint", "seen", ttl=timedelta(minutes=20))

print("runs:", settings.incr("runs"))
dict(settings)
`,
  "All or nothing": `import libredb

accounts = libredb.kv(db, "accounts", values="json")
accounts.update({"ada": 100, "bob": 5})

try:
    with db.transaction() as tx:
        accounts.on(tx).incr("bob", 200)
        if accounts.on(tx).incr("ada", -200) < 0:
            raise ValueError("not enough money")
except ValueError as error:
    print("Nothing happened:", error)

dict(accounts)
`,
  Bytes: `db.set(b"account/ada", b"100")
db.set(b"account/bob", b"5")

for key, value in db.scan(prefix=b"account/"):
    print(key, value)

db.version
`,
};
