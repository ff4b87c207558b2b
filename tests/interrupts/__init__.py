"""CPython is interrupted everywhere: here alone it is by a tracer or by real signals.

What is imported: the public interface of libredb, the adapter of the operating system, this folder.
The simulator interrupts calls of the port alone (tests/sim), an adapter's own tests its own code.
"""
