"""L13 to L15: what a call asks of its store, how often it may run, and from which thread."""

from datetime import timedelta
from threading import Thread

from libredb.kernel.transaction import Writer
from libredb.lens.documents import documents
from libredb.lens.kv import kv
from libredb.lens.rows.ids import counter
from libredb.testing.lens.calls import (
    CHANGES,
    CHANGES_AFTER_A_LOOK,
    READS,
    READS_OF_SOMETHING,
    Call,
)
from libredb.testing.lens.subject import (
    NO_THREADS,
    Counted,
    Repeated,
    Subject,
    aborted,
    everything,
    expect_exactly,
)
from libredb.testing.lens.world import SETTINGS, USERS, User, World, filled, world_of
from libredb.testing.store.subject import expect, expect_equal, version


def l13_what_only_reads_is_one_read_and_takes_no_turn(subject: Subject) -> None:
    """Count what each call that reads asks of its store; the state stays as old as it is."""
    filled(subject.store)
    counted = Counted(subject.store)
    world = world_of(counted)
    before = everything(subject.store), subject.store.read(version)
    for name, call in {**READS, **READS_OF_SOMETHING}.items():
        counted.calls.clear()
        call(world)
        expect_equal(counted.calls, ["read"], f"what {name} asks of its store")
        after = everything(subject.store), subject.store.read(version)
        expect_equal(after, before, f"the state and its version after {name}")


def l13_what_changes_something_is_one_transaction(subject: Subject) -> None:
    """Count what each call that changes something asks of its store; whose changes are undone."""
    filled(subject.store)

    def work(tx: Writer, name: str, call: Call, expected: list[str]) -> None:
        counted = Counted(tx)
        world = world_of(counted)
        before = list(tx.scan())
        counted.calls.clear()
        call(world)
        expect_equal(counted.calls, expected, f"what {name} asks of its store")
        is_idle = name == "kv.purge_expired"  # nothing is expired
        expect((list(tx.scan()) != before) != is_idle, f"whether {name} has changed something")

    for calls, expected in (
        (CHANGES, ["transact"]),
        (CHANGES_AFTER_A_LOOK, ["read", "transact"]),
    ):
        for name, call in calls.items():
            aborted(subject.store, lambda tx, n=name, c=call, e=expected: work(tx, n, c, e))


def l13_opening_writes_only_what_is_declared_anew(subject: Subject) -> None:
    """Open everything twice, before there is anything and afterwards."""
    for prepare in (world_of, filled):
        prepare(subject.store)
        before = everything(subject.store)
        counted = Counted(subject.store)
        world_of(counted)
        expect_equal(counted.calls, ["read", "read"], "what opening two tables asks of its store")
        expect_equal(everything(subject.store), before, "what is there")


def l14_what_runs_again_has_been_done_once(subject: Subject) -> None:
    """Let every function run twice, and call everything; compare with a store that does not."""
    world = filled(Repeated(subject.store))
    expect_equal(world.settings.incr("n"), 1, "what incr returns")
    expect_equal(world.settings.put_if("once", 1, 0), True, "what put_if returns")
    expect_equal(world.settings.pop("a"), 1, "what pop returns")
    expect_equal(world.settings.popitem(), ("", SETTINGS[""]), "what popitem returns")
    ids = [
        *world.notes.insert_many([{"level": "new"}, {"level": "new"}]),
        world.notes.put({"x": 1}),
    ]
    expect_equal([world.notes.get(each) is None for each in ids], [False] * 3, "what is not found")
    expect_equal(world.notes.count({"level": "new"}), 2, "how many documents were inserted")
    expect_equal(world.notes.upsert({"level": "once"}, {"$inc": {"n": 1}}), "inserted", "upsert")
    expect_equal(world.notes.find({"level": "once"}).one()["n"], 1, "what was added")
    world.notes.update("a", {"$push": {"tags": "new"}, "$inc": {"at": 1}})
    found = world.notes.get("a") or {}
    expect_exactly((found["tags"], found["at"]), (["io", "disk", "io", "new"], 8), "a patch")
    expect_equal(world.notes.delete_where({"level": "new"}), 2, "how many were deleted")
    expect_equal(world.users.upsert(User("5", "Ed", 1)), "inserted", "what upsert of a row says")
    expect_equal(world.users.delete("5"), True, "what delete of a row says")
    expect_equal(world.users.update_where(lambda u: u.age == 36, age=37), 2, "how many rows")
    world.catalog.rename("users", "people")
    expect_equal(world.catalog.drop("orders") > 0, True, "whether something was dropped")
    numbers = documents(Repeated(subject.store), "numbers", key=counter("id"))
    expect_equal([numbers.insert({}) for _ in range(3)], [1, 2, 3], "counted ids")


def l14_what_runs_again_keeps_its_id_and_its_time(subject: Subject) -> None:
    """Count how often an id is drawn and the clock is looked at, while functions run twice."""
    drawn, looks = iter("abcdefgh"), list[float]()

    def clock() -> float:
        looks.append(1000.0 + len(looks))
        return looks[-1]

    store = Repeated(subject.store)
    notes = documents(store, "notes", new_id=lambda: next(drawn))
    found = [*notes.insert_many([{}, {}]), notes.put({}), notes.insert({})]
    notes.upsert({"n": 1}, {})
    expect_equal([each["id"] for each in notes.find()], [*found, "e"], "the ids that are there")
    expect_equal(found, ["a", "b", "c", "d"], "the ids that were drawn")
    settings = kv(store, "settings", clock=clock)
    settings.set("a", "1", ttl=timedelta(seconds=1))
    expect_equal(len(looks), 1, "how often one call has looked at the clock")
    expect_equal(settings.get("a"), None, "what had a second, a second later")


def l14_a_whole_transaction_may_run_again(subject: Subject) -> None:
    """Let a transaction of several lenses run twice; what it returns is what is there."""
    world = filled(subject.store)
    store = Repeated(subject.store)

    def work(tx: Writer) -> tuple[str, object]:
        inside = world.on(tx)
        id = inside.notes.insert({"level": "new"})  # noqa: A001 - as documents call it
        inside.users.insert(User("5", "Ed", 1, id))
        return id, inside.settings.incr("n")

    id, number = store.transact(work)  # noqa: A001 - as above
    expect_equal(number, 1, "what was counted")
    expect_equal(world.notes.find({"level": "new"}).one()["id"], id, "the id of the document")
    expect_equal(world.users.get("5"), User("5", "Ed", 1, id), "the row that names it")
    expect_equal(len(world.users), len(USERS) + 1, "how many rows there are")


def l15_threads_share_a_lens(subject: Subject) -> str | None:
    """Let threads count, insert and change with the same lenses at the same time."""
    if not subject.threads:
        return NO_THREADS
    count, rounds = 4, 10
    world = filled(subject.store)
    numbers = documents(subject.store, "numbers", key=counter("id"))
    errors: list[BaseException] = []

    def work(who: int) -> None:
        try:
            for turn in range(rounds):
                _take_turn(world, who, turn)
                numbers.insert({"who": who})
        except BaseException as error:  # noqa: BLE001 - whatever it is, a thread must not hide it
            errors.append(error)

    threads = [Thread(target=work, args=(who,)) for who in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect_equal(errors, [], "what the threads raised")
    total = count * rounds
    expect_equal(kv(subject.store, "settings", values="json")["n"], total, "what they counted")
    found = [each["id"] for each in numbers.find()]
    expect_equal(found, list(range(1, total + 1)), "the ids that were counted")
    expect_equal(world.notes.find({"level": "shared"}).one()["n"], total, "what they upserted")
    expect_equal(world.users.where(lambda u: u.age == 100).count(), total, "the rows they wrote")
    return None


def _take_turn(world: World, who: int, turn: int) -> None:
    world.settings.incr("n")
    world.notes.upsert({"level": "shared"}, {"$inc": {"n": 1}})
    world.users.insert(User(f"{who}.{turn}", "x", 100, f"{who}.{turn}@x"))
    found = world.users.find(mail=f"{who}.{turn}@x").one()
    expect_equal(found.id, f"{who}.{turn}", "the row that a thread has just written")
