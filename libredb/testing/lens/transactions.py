"""L11 and L12: what fails leaves no trace, and lenses in one transaction see one another."""

from contextlib import suppress

from libredb.kernel.errors import LibreDBError
from libredb.kernel.transaction import Writer
from libredb.lens.errors import UniqueViolationError
from libredb.testing.lens.calls import CHANGES, CHANGES_AFTER_A_LOOK, REFUSED, Call
from libredb.testing.lens.subject import (
    Subject,
    aborted,
    everything,
    expect_exactly,
    expect_nothing_wrong,
)
from libredb.testing.lens.world import (
    ADA,
    NOTES,
    ORDERS,
    USERS,
    Order,
    User,
    World,
    filled,
    world_of,
)
from libredb.testing.store.subject import Entries, entries, expect, expect_equal, expect_raises


def l11_what_is_refused_leaves_no_trace(subject: Subject) -> None:
    """Let every call that can be refused be refused, each in a transaction of its own."""
    world = filled(subject.store)
    before = everything(subject.store)
    for name, (error, call) in REFUSED.items():
        expect_raises(error, lambda call=call: call(world), name)
        expect_equal(everything(subject.store), before, f"what is there after {name}")


def l11_an_error_that_is_caught_leaves_no_trace_of_its_call(subject: Subject) -> None:
    """Let calls be refused between others that are not, in a transaction that goes on."""
    world = filled(subject.store)

    def work(tx: Writer) -> None:
        inside = world.on(tx)
        inside.settings["before"] = 1
        for name, (error, call) in REFUSED.items():
            before = list(tx.scan())
            expect_raises(error, lambda call=call: call(inside), name)
            expect_equal(list(tx.scan()), before, f"what the transaction sees after {name}")
            inside.settings.incr("before")
            inside.notes.insert({"level": name})

    subject.store.transact(work)
    expect_equal(world.settings["before"], 1 + len(REFUSED), "what was counted in between")
    expect_equal(
        world.notes.count({"level": {"$in": list(REFUSED)}}), len(REFUSED), "the documents"
    )
    expect_equal(list(world.users), USERS, "the rows")


def l11_an_abort_restores_the_exact_state(subject: Subject) -> None:
    """Abort each call that changes something, and then all that are possible one after another."""
    world = filled(subject.store)
    before = everything(subject.store)
    changes = {**CHANGES, **CHANGES_AFTER_A_LOOK}
    for name, call in changes.items():

        def change(tx: Writer, call: Call = call) -> None:
            call(world.on(tx))

        aborted(subject.store, change)
        expect_equal(everything(subject.store), before, f"what is there after {name}")

    def all_of_them(tx: Writer) -> None:
        for call in changes.values():
            with suppress(LibreDBError):
                call(world.on(tx))
        expect(list(tx.scan()) != before, "what all of them together have changed")

    aborted(subject.store, all_of_them)
    expect_equal(everything(subject.store), before, "what is there after all of them")
    expect_exactly(list(world.notes.find()), NOTES, "the documents")


def l11_an_abort_takes_back_what_it_created(subject: Subject) -> None:
    """Create everything in a transaction that aborts, then again in one that does not."""
    before = everything(subject.store)
    world = world_of(subject.store)
    aborted(subject.store, lambda tx: filled(tx).on(tx).notes.create_index("new"))
    expect_equal(everything(subject.store), before, "what is there")
    expect_equal([*world.catalog.names(), *world.notes.find()], [], "what lenses see")
    filled(subject.store)
    expect_exactly(list(world.users), USERS, "the rows")
    expect_equal(world.notes.find({"level": "warn"}).explain().index, "level,at", "the index")


def l12_own_writes_are_read_back(subject: Subject) -> None:
    """Write in a transaction, read by every index in it, and write again."""

    def work(tx: Writer) -> None:
        world = filled(tx)
        world.notes.update("c", {"level": "info", "tags": ["io"]})
        found = [note["id"] for note in world.notes.find({"level": "info"}, order_by="at")]
        expect_equal(found, ["c", "b"], "documents by an index")
        expect_equal(world.notes.count({"tags": {"$contains": "io"}}), 3, "documents by an element")
        world.users.update("1", age=20)
        found = [user.id for user in world.users.where(lambda u: u.age == 20)]
        expect_equal(found, ["1", "2"], "rows by an index")
        world.users.delete("1")
        world.users.insert(User("0", "Ada", 1, ADA.mail))
        expect_equal(world.users.find(mail=ADA.mail).one().id, "0", "who has the address now")
        world.settings["a"] = 2
        expect_equal((world.settings["a"], world.settings.incr("a")), (2, 3), "a value of a kv")
        world.catalog.rename("users", "people")
        expect_equal((len(world.users), world.catalog.names()[-1]), (0, "settings"), "the names")
        expect_nothing_wrong(tx)

    subject.store.transact(work)
    world = world_of(subject.store)
    expect_equal(world.settings["a"], 3, "what is there afterwards")
    expect_equal(world.notes.count({"level": "info"}), 2, "documents afterwards")


def l12_a_lens_inside_sees_and_is_seen(subject: Subject) -> None:
    """Use lenses that were made outside, inside, and in a transaction in that one."""
    world = filled(subject.store)

    def work(tx: Writer) -> None:
        inside = world.on(tx)
        inside.settings["x"] = 1
        tx.set(b"raw", b"1")
        expect_equal(inside.raw[b"raw"], b"1", "what the transaction wrote, seen by a lens")
        inside.raw[b"lens"] = b"2"
        expect_equal(tx.get(b"lens"), b"2", "what a lens wrote, seen by the transaction")

        def deeper(inner: Writer) -> None:
            world.on(inner).settings["x"] = 2
            world.on(inner).notes.delete("a")
            expect_equal(world.on(inner).settings["x"], 2, "inside of that")

        tx.transact(deeper)
        expect_equal(inside.settings["x"], 2, "what an inner transaction wrote")
        aborted(tx, lambda inner: world.on(inner).notes.clear())
        expect_equal(len(inside.notes), 3, "what an inner transaction that aborts has left")
        found = tx.read(lambda reader: reader.get(b"lens"))
        expect_equal(found, b"2", "what a reader inside sees")

    subject.store.transact(work)
    told = (world.settings["x"], len(world.notes), world.raw[b"lens"])
    expect_equal(told, (2, 3, b"2"), "what is seen outside afterwards")


def l12_lenses_work_together_in_one_transaction(subject: Subject) -> None:
    """Let all kinds take part in one, which is refused at its end and then is not."""
    world = filled(subject.store)
    before = everything(subject.store)

    def order(tx: Writer, mail: str) -> int:
        inside = world.on(tx)
        number = inside.settings.incr("orders", 100)
        inside.orders.insert(Order(number, "5", 7))
        inside.notes.insert({"id": f"order {number}", "level": "order", "at": number})
        inside.raw[b"log"] = b"%d" % number
        inside.users.insert(User("5", "Ed", 50, mail))
        return number

    taken = str(ADA.mail)
    expect_raises(
        UniqueViolationError,
        lambda: subject.store.transact(lambda tx: order(tx, taken)),
        "an order",
    )
    expect_equal(everything(subject.store), before, "what is there after an order that was refused")
    number = subject.store.transact(lambda tx: order(tx, "ed@x"))
    expect_equal(number, 100, "the number of the order")
    joined = world.users.where(lambda u: u.mail == "ed@x").join(world.orders, "id", "user")
    expect_equal(joined.first(), (User("5", "Ed", 50, "ed@x"), Order(100, "5", 7)), "both rows")
    found = (world.notes.find({"level": "order"}).one()["at"], world.raw[b"log"], len(world.orders))
    expect_equal(found, (100, b"100", len(ORDERS) + 1), "what else was written")


def l12_a_state_is_read_whole(subject: Subject) -> None:
    """Compare what lenses say inside of a transaction with what they say once it is over."""
    world = filled(subject.store)

    def work(tx: Writer) -> tuple[Entries, str]:
        inside = world.on(tx)
        inside.users.update_where(lambda u: u.age == 36, age=37)
        inside.notes.update_many({"level": "warn"}, {"level": "done"})
        inside.orders.delete_where(lambda o: o.total > 20)
        return entries(tx), _told(inside)

    state, told = subject.store.transact(work)
    expect_equal(everything(subject.store), state, "what is there")
    expect_equal(_told(world), told, "what lenses say")


def _told(world: World) -> str:
    """Return what all lenses have, in every order, as text."""
    joined = world.users.join(world.orders, "id", "user")
    return repr(
        [
            *world.users.order_by("age", "name"),
            *world.notes.find(order_by=["level", "-at"]),
            *world.orders.order_by("user", reverse=True),
            *joined,
            *world.settings.items(),
            *world.raw.items(),
        ]
    )
