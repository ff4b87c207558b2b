"""The promises of one open file, P1 to P6, P16, P17, as checks; see libredb.testing.filesystem."""

import gc
import itertools
from threading import Event, Thread

from libredb.testing.subject import (
    NO_HANDLE_COUNT,
    NO_POWER_LOSS,
    NO_THREADS,
    PAGE_BYTES,
    Subject,
    database,
    expect,
    expect_content,
    image,
    new_file,
    put_in_place,
    writing,
)

SYNCS = 20
"""After so many the check of P17 has seen enough."""


def p01_read_returns_what_was_written(subject: Subject) -> None:
    """Compare a file with a bytearray after writes of many sizes, synced and not."""
    model = bytearray()
    with writing(subject), new_file(subject) as file:
        for index, length in enumerate((36, 1, 0, 4096, 133, 70_000, 3, 513, 1_100_000, 29)):
            for offset in (len(model), len(model) // 3):
                data = (bytes(range(index + 1, 256)) * (length // 200 + 1))[:length]
                file.write(offset, data)
                model[offset : offset + length] = data
                expect_content(file, model)
            if index % 2:
                file.sync()
        for offset, length in ((0, 1), (4090, 12), (len(model) - 1, 1), (70_001, 66_000)):
            expect(
                file.read(offset, length) == bytes(model[offset : offset + length]),
                f"read({offset}, {length}) is not what was written there",
            )


def p01_read_stops_short_only_at_the_end(subject: Subject) -> None:
    """Ask for more than there is, and for nothing."""
    with writing(subject), new_file(subject) as file:
        file.write(0, b"x" * 5000)
        size = file.size()
        expect(len(file.read(0, size)) == size, "a read of the whole file was short")
        expect(len(file.read(10, size + 99)) == size - 10, "a read over the end has a wrong length")
        expect(file.read(size, 10) == b"", "a read at the end gave bytes")
        expect(file.read(size + 9, 10) == b"", "a read behind the end gave bytes")
        expect(file.read(0, 0) == b"", "a read of nothing gave bytes")


def p02_write_returns_the_count(subject: Subject) -> None:
    """Write nothing, little and much."""
    with writing(subject), new_file(subject) as file:
        for length in (0, 1, 29, 4096, 100_001):
            count = file.write(file.size(), bytes(length))
            expect(count == length, f"a write of {length} bytes returned {count}")


def p02_write_raises_what_it_cannot_do(subject: Subject) -> None:
    """Write to a file that is closed."""
    with writing(subject), new_file(subject) as file:
        file.close()
        try:
            file.write(0, b"lost")
        except OSError:
            return
        raise AssertionError("a closed file took bytes and raised no OSError")


def p03_write_behind_the_end_leaves_zeros(subject: Subject) -> None:
    """Leave a gap before and after a sync, also where other bytes once were."""
    with writing(subject), new_file(subject) as file:
        model = bytearray(b"begin")
        file.write(0, bytes(model))
        for gap, step in itertools.product((1, 5000), ("", "sync", "truncate")):
            if step == "sync":
                file.sync()
            elif step == "truncate":
                del model[len(model) // 2 :]
                file.truncate(len(model))
            model += bytes(gap) + b"end"
            file.write(len(model) - 3, b"end")
            expect_content(file, model)


def p03_truncate_drops_reserved_zeros(subject: Subject) -> None:
    """Cut right behind the last byte, where an adapter may keep room."""
    with writing(subject), new_file(subject) as file:
        model = bytearray(b"x" * 100)
        file.write(0, bytes(model))
        file.sync()
        file.write(100, b"y" * 50)
        model += b"y" * 50
        expect_content(file, model)
        file.truncate(150)
        expect(file.size() == 150, f"cut to 150 bytes, the file has {file.size()}")
        expect(
            file.read(0, 999) == bytes(model), "a cut behind the last byte changed bytes before it"
        )


def p04_sync_makes_writes_durable(subject: Subject) -> str | None:
    """Lose the power after a sync, with more writes under way."""
    if subject.power_loss is None:
        return NO_POWER_LOSS
    content = image(1) + b"m" * 9000
    with writing(subject):
        file = put_in_place(subject, image(1))
        file.write(len(image(1)), b"m" * 9000)
        file.sync()
        file.write(len(content) + 5000, b"pending" * 999)
        subject.power_loss()
    with writing(subject), database(subject) as file:
        # What was pending may have left anything behind, but not in front of itself.
        expect(file.read(0, len(content)) == content, "synced bytes did not survive")
    return None


def p04_sync_makes_truncate_durable(subject: Subject) -> str | None:
    """Lose the power after a file was cut and synced."""
    if subject.power_loss is None:
        return NO_POWER_LOSS
    with writing(subject):
        file = put_in_place(subject, image(2) + b"x" * 20_000)
        file.truncate(PAGE_BYTES)
        file.sync()
        subject.power_loss()
    with writing(subject), database(subject) as file:
        expect(file.size() == PAGE_BYTES, "a synced truncate did not survive")
        expect(file.read(0, PAGE_BYTES) == image(2)[:PAGE_BYTES], "a cut harmed other bytes")
    return None


def p05_the_file_ends_where_it_was_cut(subject: Subject) -> None:
    """Cut to less, to nothing, to the same and to more."""
    with writing(subject), new_file(subject) as file:
        model = b"z" * 10_000
        file.write(0, model)
        for length in (9999, 9999, 4096, 100, 0, 50):
            file.truncate(length)
            model = model[:length].ljust(length, b"\0")
            expect(file.size() == length, f"cut to {length} bytes, the file has {file.size()}")
            expect(file.read(0, 20_000) == model, f"wrong bytes after a cut to {length}")


def p06_close_may_be_called_twice(subject: Subject) -> None:
    """Close a file that is closed, and open it again."""
    with writing(subject):
        put_in_place(subject, image(3)).close()
        with database(subject) as file:
            file.close()
            file.close()
        with database(subject) as file:
            expect_content(file, image(3))


def p06_a_dropped_file_gives_its_handle_back(subject: Subject) -> str | None:
    """Drop files without closing them, and count."""
    with writing(subject):
        put_in_place(subject, image(4)).close()
        before = subject.handle_count() if subject.handle_count is not None else 0
        files = subject.fs.open(subject.path, writable=True)
        expect(len(files) > 0, "the database was not found")
        del files
        gc.collect()
        after = subject.handle_count() if subject.handle_count is not None else 0
        expect(after == before, f"{after - before} handles of dropped files stayed open")
        with database(subject) as file:
            expect_content(file, image(4))
    return NO_HANDLE_COUNT if subject.handle_count is None else None


def p16_a_file_is_in_place_when_open_finds_it(subject: Subject) -> None:
    """Ask a file that was put in place, and one that another took the place of."""
    with writing(subject):
        first = put_in_place(subject, image(1))
        try:
            expect(first.in_place(), "a file that was put in place says that it is not")
            with database(subject) as found:
                expect(found.in_place(), "a file that open found says that it is not in place")
        finally:
            first.close()


def p17_others_write_and_read_while_a_sync_runs(subject: Subject) -> str | None:
    """Sync over and over in one thread, while another one grows the file and changes it."""
    content = bytearray(image(5))
    began, returned, failures = Event(), [0], list[Exception]()

    def sync() -> None:
        began.set()
        try:
            while returned[0] < SYNCS:
                file.sync()
                returned[0] += 1
        except Exception as error:  # noqa: BLE001 - it is handed over
            failures.append(error)
            returned[0] = SYNCS

    with writing(subject):
        file = put_in_place(subject, bytes(content))
        thread = Thread(target=sync)
        try:
            thread.start()
        except RuntimeError:
            file.close()
            return NO_THREADS
        try:
            began.wait()
            for index in itertools.takewhile(lambda _: returned[0] < SYNCS, itertools.count()):
                offset, data = len(image(5)) + index % 500 * 100, bytes([index % 255 + 1]) * 100
                file.write(offset, data)
                content[offset : offset + 100] = data
                expect(file.read(offset, 100) == data, "a read beside a sync gave other bytes")
        finally:
            returned[0] = SYNCS
            thread.join()
        expect(not failures, f"a sync beside a writer raised {failures}")
        file.sync()
        if subject.power_loss is None:
            file.close()
        else:
            subject.power_loss()
    with writing(subject), database(subject) as file:
        expect_content(file, content)
    return None
