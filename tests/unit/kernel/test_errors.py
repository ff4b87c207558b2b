"""The errors form one tree, fit Python's own classes, and keep what they know on their way."""

import errno
import pickle

import pytest

import libredb
from libredb.kernel import errors
from libredb.kernel.errors import LibreDBError, LogFileError, StorageError, storage_error

TABLE: dict[str, tuple[str, tuple[type[BaseException], ...]]] = {
    "LibreDBError": ("error", (Exception,)),
    "UsageError": ("usage", (LibreDBError,)),
    "UsageTypeError": ("usage_type", (errors.UsageError, TypeError)),
    "UsageValueError": ("usage_value", (errors.UsageError, ValueError)),
    "StorageError": ("storage", (LibreDBError, OSError)),
    "StorageExistsError": ("storage_exists", (StorageError, FileExistsError)),
    "StorageNotFoundError": ("storage_not_found", (StorageError, FileNotFoundError)),
    "StorageIsDirectoryError": ("storage_is_directory", (StorageError, IsADirectoryError)),
    "StorageNotDirectoryError": ("storage_not_directory", (StorageError, NotADirectoryError)),
    "StoragePermissionError": ("storage_permission", (StorageError, PermissionError)),
    "DatabaseLockedError": ("locked", (StorageError, BlockingIOError)),
    "DatabaseFailedError": ("failed", (StorageError,)),
    "ChangesTrimmedError": ("changes_trimmed", (errors.UsageError,)),
    "LogFileError": ("log_file", (LibreDBError,)),
    "NotADatabaseError": ("not_a_database", (LogFileError,)),
    "LegacyFormatError": ("legacy_format", (LogFileError,)),
    "UnsupportedVersionError": ("unsupported_version", (LogFileError,)),
    "CorruptLogError": ("corrupt", (LogFileError,)),
    "IncompleteReadError": ("incomplete_read", (LogFileError, OSError)),
    "LensError": ("lens", (LibreDBError,)),
}

LOG_FILE_ERRORS = [
    errors.LogFileError,
    errors.NotADatabaseError,
    errors.LegacyFormatError,
    errors.UnsupportedVersionError,
    errors.CorruptLogError,
    errors.IncompleteReadError,
]


def found_classes() -> dict[str, type[LibreDBError]]:
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    return {found.__name__: found for found in classes if issubclass(found, LibreDBError)}


def test_the_table_names_every_class_its_bases_and_its_code() -> None:
    found = {name: (kind.code, kind.__bases__) for name, kind in found_classes().items()}
    assert found == TABLE


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in found_classes().values()]
    assert len(set(codes)) == len(codes)


def test_every_class_is_exported_and_explains_itself() -> None:
    for name, kind in found_classes().items():
        assert getattr(libredb, name) is kind
        assert name in libredb.__all__
        assert kind.__doc__ is not None


@pytest.mark.parametrize("kind", LOG_FILE_ERRORS)
def test_a_log_file_error_names_path_byte_and_reason(kind: type[LogFileError]) -> None:
    error = kind("app.libredb", 4096, "damaged; restore a backup")
    assert (error.path, error.offset, error.reason) == (
        "app.libredb",
        4096,
        "damaged; restore a backup",
    )
    assert str(error) == "app.libredb, byte 4096: damaged; restore a backup"


@pytest.mark.parametrize("kind", LOG_FILE_ERRORS)
def test_a_log_file_error_crosses_a_process_boundary(kind: type[LogFileError]) -> None:
    error = kind("app.libredb", 7, "why")
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is kind
    assert (twin.path, twin.offset, twin.reason, str(twin)) == ("app.libredb", 7, "why", str(error))


@pytest.mark.parametrize("evidence", [None, "mark", "snapshot", "record"])
def test_what_proves_damage_crosses_a_process_boundary(evidence: errors.Evidence | None) -> None:
    error = errors.CorruptLogError("app.libredb", 7, "why", evidence)
    error.add_note("seen by a worker")
    twin = pickle.loads(pickle.dumps(error))
    assert (twin.offset, twin.evidence) == (7, evidence)
    assert twin.__notes__ == ["seen by a worker"]


@pytest.mark.parametrize("kind", [k for k in found_classes().values() if issubclass(k, OSError)])
def test_an_error_of_storage_crosses_a_process_boundary(kind: type[OSError]) -> None:
    # A worker's error came back without its errno: OSError pickles its `args` alone, and ours has
    # a message there.
    if issubclass(kind, LogFileError):
        error: OSError = kind("app.libredb", 7, "why")
    else:
        error = kind("cannot sync 'app.libredb'")
    text = str(error)
    error.errno = errno.ENOSPC
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is kind
    assert (twin.errno, str(twin)) == (errno.ENOSPC, text)
    assert (twin.strerror, twin.filename) == (None, None)


def test_an_error_keeps_what_the_operating_system_said_about_it() -> None:
    error = StorageError(errno.ENOSPC, "no space left", "app.libredb")
    twin = pickle.loads(pickle.dumps(error))
    assert (twin.errno, twin.strerror, twin.filename) == (
        errno.ENOSPC,
        "no space left",
        "app.libredb",
    )
    assert str(twin) == str(error)
    bare = pickle.loads(pickle.dumps(StorageError("no number")))
    assert (bare.errno, str(bare)) == (None, "no number")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("EEXIST", errors.StorageExistsError),
        ("ENOENT", errors.StorageNotFoundError),
        ("EISDIR", errors.StorageIsDirectoryError),
        ("ENOTDIR", errors.StorageNotDirectoryError),
        ("EACCES", errors.StoragePermissionError),
        ("EPERM", errors.StoragePermissionError),
        ("EWOULDBLOCK", errors.DatabaseLockedError),
        ("ENOSPC", errors.StorageError),
        ("EIO", errors.StorageError),
        ("EROFS", errors.StorageError),
    ],
)
def test_a_storage_error_is_of_the_subclass_that_its_cause_is_of(
    name: str, kind: type[StorageError]
) -> None:
    number = getattr(errno, name)  # the numbers differ between platforms
    cause = OSError(number, "the reason")
    error = storage_error(cause, "cannot open 'app.libredb'")
    assert type(error) is kind
    assert isinstance(error, type(cause))
    assert error.errno == number
    assert str(error).startswith("cannot open 'app.libredb': the reason (")
    assert str(error).endswith(")")


def test_a_cause_without_a_number_still_gives_its_text() -> None:
    assert "no more handles" in str(storage_error(OSError("no more handles"), "cannot open 'x'"))
