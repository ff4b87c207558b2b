"""Claim: clients call registered functions by name; whatever those raise, the server lives on."""

from collections.abc import Iterator
from typing import Any

import pytest

from libredb import (
    ConflictError,
    Database,
    Transaction,
    UsageTypeError,
    UsageValueError,
)
from libredb import documents as documents_of
from libredb.remote import Functions, functions, register, transaction
from tests.remote.asking import Asker, RefusedError, asker

F = Functions()


@F.register
def add_note(db: Database, text: str) -> Any:
    notes = documents_of(db, "notes")
    return notes.get(notes.insert({"id": "1", "text": text}))


@F.transaction
def move(tx: Transaction, source: bytes, target: bytes) -> int:
    tx.set(target, tx.get(source) or b"")
    tx.delete(source)
    return tx.version


@F.transaction
def writes_and_raises(tx: Transaction) -> None:
    tx.set(b"half", b"")
    raise KeyError("gone")


@F.transaction
def writes_and_returns(tx: Transaction, what: str) -> Any:
    tx.set(b"half", b"")
    return {"an object": object(), "a generator": (n for n in "a"), "a number": 7}[what]


@F.register
def returns(db: Database, what: str) -> Any:
    db.set(b"whole", b"")
    return {"a set": {1}, "a tuple": (1, b"2"), "nothing": None, "nan": float("nan")}[what]


@F.register
def raises(_: Database, what: str) -> None:
    raise {"exit": SystemExit(3), "of the database": ConflictError("mine", id="7")}[what]


@F.register
def takes_two(_: Database, first: int, second: int = 2) -> int:
    return first + second


@pytest.fixture
def ask() -> Asker:
    return asker(F)


def call(ask: Asker, function: str, *args: Any) -> Any:
    return ask("call", function=function, args=list(args))


def refused(ask: Asker, function: str, *args: Any) -> RefusedError:
    with pytest.raises(RefusedError) as found:
        call(ask, function, *args)
    return found.value


def test_a_function_gets_the_database_and_its_result_crosses(ask: Asker) -> None:
    assert call(ask, "add_note", "milk") == {"id": "1", "text": "milk"}
    assert call(ask, "takes_two", 1) == 3
    assert call(ask, "returns", "a tuple") == [1, b"2"]
    assert call(ask, "returns", "nothing") is None


def test_a_function_of_a_transaction_is_one_commit(ask: Asker) -> None:
    ask("set", key=b"a", value=b"v")
    assert call(ask, "move", b"a", b"b") == 2
    assert ask.version == 2
    assert ask("scan")["entries"] == [[b"b", b"v"]]


def test_an_exception_becomes_an_error_with_class_text_and_traceback(ask: Asker) -> None:
    told = refused(ask, "writes_and_raises")
    assert told.code == "remote_function"
    assert told.message == "writes_and_raises() raised KeyError: 'gone'"
    assert told.fields["function"] == "writes_and_raises"
    assert told.fields["class_name"] == "KeyError"
    assert told.fields["text"] == "'gone'"
    lines = told.fields["traceback"].splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert 'raise KeyError("gone")' in told.fields["traceback"]
    assert "server.py" not in told.fields["traceback"]
    assert not ask("has", key=b"half"), "it aborted"


@pytest.mark.parametrize("what", ["an object", "a generator"])
def test_what_cannot_cross_aborts_a_transaction(ask: Asker, what: str) -> None:
    told = refused(ask, "writes_and_returns", what)
    assert told.code == "usage_type"
    assert "what writes_and_returns() returns cannot cross" in told.message
    assert not ask("has", key=b"half")
    assert call(ask, "writes_and_returns", "a number") == 7


def test_what_a_function_did_to_the_database_stays_if_its_result_cannot_cross(ask: Asker) -> None:
    for what in ("a set", "nan"):
        assert refused(ask, "returns", what).code == "usage_type"
    assert ask("has", key=b"whole")


def test_an_exit_is_an_error_and_an_error_of_the_database_stays_one(ask: Asker) -> None:
    assert refused(ask, "raises", "exit").fields["class_name"] == "SystemExit"
    told = refused(ask, "raises", "of the database")
    assert (told.code, told.message, told.fields) == ("conflict", "mine", {"id": "7"})


def test_wrong_arguments_are_an_error_of_the_function(ask: Asker) -> None:
    assert refused(ask, "takes_two").fields["class_name"] == "TypeError"
    assert refused(ask, "takes_two", 1, 2, 3).fields["class_name"] == "TypeError"


def test_a_function_that_nobody_registered_is_refused_with_those_there_are(ask: Asker) -> None:
    told = refused(ask, "none")
    assert told.code == "usage_value"
    assert "there are: add_note, move, raises" in told.message
    assert "there are: none." in refused(asker(), "none").message


def test_a_function_has_one_name_or_another() -> None:
    own = Functions()

    def first(_: Database) -> int:
        return 1

    assert own.register(first) is first
    assert own.register(first) is first, "twice is fine"
    own.register(first, name="other")
    assert call(asker(own), "other") == call(asker(own), "first") == 1
    with pytest.raises(UsageValueError, match="another function is registered as 'first'"):
        own.register(returns, name="first")


def test_what_cannot_be_called_at_once_is_refused() -> None:
    async def later(_: Database) -> None: ...

    async def one_by_one(_: Database) -> Any:
        yield 1

    for wrong in (later, one_by_one, 7):
        given: Any = wrong
        with pytest.raises(UsageTypeError):
            Functions().register(given)


@pytest.fixture
def of_the_process() -> Iterator[None]:
    known = dict(functions._by_name)
    functions._by_name.clear()
    yield
    functions._by_name.clear()
    functions._by_name.update(known)


@pytest.mark.usefixtures("of_the_process")
def test_the_decorators_of_the_package_register_for_this_process() -> None:
    @register
    def of_the_database(db: Database) -> int:
        return db.version

    @transaction
    def of_a_transaction(tx: Transaction) -> int:
        return tx.version

    ask = asker(functions)
    assert call(ask, "of_the_database") == 0
    assert call(ask, "of_a_transaction") == 1
    assert (of_the_database.__name__, of_a_transaction.__name__) == tuple(
        sorted(functions._by_name)[::-1]
    )
