"""The files of a POSIX system: paths, permissions, locks, forks and interrupts."""
