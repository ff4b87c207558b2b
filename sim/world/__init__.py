"""The world the kernel runs in: a disk, a file system on it, and what can go wrong there."""
