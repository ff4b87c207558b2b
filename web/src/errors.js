/**
 * What can go wrong, as classes: the same names, codes and texts as in Python.
 *
 *     try { await notes.insert(note) } catch (error) {
 *       if (error instanceof DuplicateKeyError) ...      or: error.code === "duplicate_key"
 *     }
 *
 * `fields` has what an error of Python says besides its text: namespace, id, field, errno, traceback.
 * Four are of this side alone: WorkerError, OutcomeUnknownError, and DeadlineError and ProtocolError
 * also without a server. A name is written down beside its code, because bundlers shorten classes.
 */

/** The root: catch it to catch everything that libredb throws on purpose. */
export class LibreDBError extends Error {
  static code = "error";
  static title = "LibreDBError";

  /**
   * @param {string} message
   * @param {Record<string, unknown>} [fields]
   * @param {ErrorOptions} [options]
   */
  constructor(message, fields = {}, options = undefined) {
    super(message, options);
    this.name = new.target.title;
    this.code = new.target.code;
    this.fields = fields;
  }
}

/** A rule of the interface was broken. Nothing happened; correct the call. */
export class UsageError extends LibreDBError {
  static code = "usage";
  static title = "UsageError";
}

/** An argument has the wrong type. */
export class UsageTypeError extends UsageError {
  static code = "usage_type";
  static title = "UsageTypeError";
}

/** An argument has the right type and an impossible value. */
export class UsageValueError extends UsageError {
  static code = "usage_value";
  static title = "UsageValueError";
}

/** The changes that were asked for were compacted away; read everything again. */
export class ChangesTrimmedError extends UsageError {
  static code = "changes_trimmed";
  static title = "ChangesTrimmedError";
}

/** Storage failed; `fields.errno` names how. */
export class StorageError extends LibreDBError {
  static code = "storage";
  static title = "StorageError";
}

/** Something else is where a file of the database has to be. */
export class StorageExistsError extends StorageError {
  static code = "storage_exists";
  static title = "StorageExistsError";
}

/** The file, or the folder it should be in, does not exist. */
export class StorageNotFoundError extends StorageError {
  static code = "storage_not_found";
  static title = "StorageNotFoundError";
}

/** The path names a directory, not a file. */
export class StorageIsDirectoryError extends StorageError {
  static code = "storage_is_directory";
  static title = "StorageIsDirectoryError";
}

/** A part of the path that has to be a directory is a file. */
export class StorageNotDirectoryError extends StorageError {
  static code = "storage_not_directory";
  static title = "StorageNotDirectoryError";
}

/** The browser does not permit what was asked: a private window, blocked cookies. */
export class StoragePermissionError extends StorageError {
  static code = "storage_permission";
  static title = "StoragePermissionError";
}

/** The database is open already, in another tab or here. */
export class DatabaseLockedError extends StorageError {
  static code = "locked";
  static title = "DatabaseLockedError";
}

/** An earlier failure left an outcome unknown; close the client and connect again. */
export class DatabaseFailedError extends StorageError {
  static code = "failed";
  static title = "DatabaseFailedError";
}

/** The bytes are not a log that this version may open, or are damaged. */
export class LogFileError extends LibreDBError {
  static code = "log_file";
  static title = "LogFileError";
}

/** The file does not begin like a log. */
export class NotADatabaseError extends LogFileError {
  static code = "not_a_database";
  static title = "NotADatabaseError";
}

/** The file has an older format, which has to be converted first. */
export class LegacyFormatError extends LogFileError {
  static code = "legacy_format";
  static title = "LegacyFormatError";
}

/** The file has a newer format. */
export class UnsupportedVersionError extends LogFileError {
  static code = "unsupported_version";
  static title = "UnsupportedVersionError";
}

/** Bytes that had been durable are damaged or missing. */
export class CorruptLogError extends LogFileError {
  static code = "corrupt";
  static title = "CorruptLogError";
}

/** Storage returned fewer bytes than the file has. */
export class IncompleteReadError extends LogFileError {
  static code = "incomplete_read";
  static title = "IncompleteReadError";
}

/** A lens refused a value, or found one that it did not write. */
export class LensError extends LibreDBError {
  static code = "lens";
  static title = "LensError";
}

/** A value that cannot be stored, or not in this place. */
export class InvalidValueError extends LensError {
  static code = "invalid_value";
  static title = "InvalidValueError";
}

/** The key of an insert is there already. */
export class DuplicateKeyError extends LensError {
  static code = "duplicate_key";
  static title = "DuplicateKeyError";
}

/** Something else has the value that a unique index lets only one have. */
export class UniqueViolationError extends LensError {
  static code = "unique_violation";
  static title = "UniqueViolationError";
}

/** The key is not there. */
export class MissingKeyError extends LensError {
  static code = "missing_key";
  static title = "MissingKeyError";
}

/** It is not what was expected any more: read it again, and decide again. */
export class ConflictError extends LensError {
  static code = "conflict";
  static title = "ConflictError";
}

/** The namespace belongs to a lens of another kind. */
export class NamespaceKindError extends LensError {
  static code = "namespace_kind";
  static title = "NamespaceKindError";
}

/** A table, or a kv, is not what was recorded. */
export class SchemaMismatchError extends LensError {
  static code = "schema_mismatch";
  static title = "SchemaMismatchError";
}

/** An entry that the lens cannot have written. */
export class DamagedEntryError extends LensError {
  static code = "damaged_entry";
  static title = "DamagedEntryError";
}

/** A registered function raised an exception; `fields` has class_name, text and traceback. */
export class RemoteFunctionError extends LibreDBError {
  static code = "remote_function";
  static title = "RemoteFunctionError";
}

/** Client and server do not speak the same protocol: they are not of one release. */
export class ProtocolError extends LibreDBError {
  static code = "protocol";
  static title = "ProtocolError";
}

/** The time of a call was up. Nothing happened, or it was a read. */
export class DeadlineError extends LibreDBError {
  static code = "deadline";
  static title = "DeadlineError";
}

/** A bug of libredb; `fields.traceback` says where. */
export class InternalError extends LibreDBError {
  static code = "internal";
  static title = "InternalError";
}

/** The worker could not start, or is gone; what had not begun has not happened. */
export class WorkerError extends LibreDBError {
  static code = "worker";
  static title = "WorkerError";
}

/** A write had begun when its time was up or the worker was gone: it may have happened, or may yet. */
export class OutcomeUnknownError extends LibreDBError {
  static code = "outcome_unknown";
  static title = "OutcomeUnknownError";
}

/** All of them, whose codes are all different. */
export const ERRORS = [
  LibreDBError,
  UsageError,
  UsageTypeError,
  UsageValueError,
  ChangesTrimmedError,
  StorageError,
  StorageExistsError,
  StorageNotFoundError,
  StorageIsDirectoryError,
  StorageNotDirectoryError,
  StoragePermissionError,
  DatabaseLockedError,
  DatabaseFailedError,
  LogFileError,
  NotADatabaseError,
  LegacyFormatError,
  UnsupportedVersionError,
  CorruptLogError,
  IncompleteReadError,
  LensError,
  InvalidValueError,
  DuplicateKeyError,
  UniqueViolationError,
  MissingKeyError,
  ConflictError,
  NamespaceKindError,
  SchemaMismatchError,
  DamagedEntryError,
  RemoteFunctionError,
  ProtocolError,
  DeadlineError,
  InternalError,
  WorkerError,
  OutcomeUnknownError,
];

const BY_CODE = new Map(ERRORS.map((each) => [each.code, each]));

/**
 * Return the error that a reply tells; one with an unknown code is a LibreDBError with that code.
 * @param {{code: string, message: string, fields: Record<string, unknown>}} told
 * @returns {LibreDBError}
 */
export function errorOf({ code, message, fields }) {
  const error = new (BY_CODE.get(code) ?? LibreDBError)(message, fields);
  error.code = code;
  return error;
}
