"""The modules of a wheel, compiled for the Python that runs this: Pyodide's, at a release.

In the place of each `x.py` there is an `x.pyc`, which is what Python looks for where there is no
source, unpacked or inside of the archive; all else is as it was. Its tag says for which Python it
is; the others have the wheel with the sources. compiled.py starts it, in Pyodide, where no libredb
is: it needs the standard library alone.
"""

import base64
import hashlib
import io
import py_compile
import sys
import tempfile
import zipfile
from pathlib import Path

TAG = f"cp{sys.version_info.major}{sys.version_info.minor}-none-any"

_UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH  # there is no source to check against


def compiled(wheel: bytes) -> bytes:
    """Return the wheel with compiled modules.

    The same wheel gives the same bytes: no time and no place of this machine is in them.

    Raises:
        py_compile.PyCompileError: a module is no Python.
    """
    buffer = io.BytesIO()
    record = ""
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(io.BytesIO(wheel)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target,
    ):
        for entry in source.infolist():
            name, data = entry.filename, source.read(entry)
            if name.endswith(".dist-info/RECORD"):  # the last one of a wheel
                target.writestr(_named(name, entry), f"{record}{name},,\n")
                break
            if name.endswith(".dist-info/WHEEL"):
                data = _tagged(data)
            elif name.endswith(".py"):
                data = _module(name, data, Path(folder))
                name += "c"
            target.writestr(_named(name, entry), data)
            record += f"{name},{_digest(data)},{len(data)}\n"
    return buffer.getvalue()


def _module(name: str, source: bytes, folder: Path) -> bytes:
    """Return what Python would keep of a module, under the name that it has in the wheel."""
    plain, result = folder / "module.py", folder / "module.pyc"
    plain.write_bytes(source)
    py_compile.compile(
        str(plain), str(result), dfile=name, doraise=True, invalidation_mode=_UNCHECKED
    )
    return result.read_bytes()


def _tagged(metadata: bytes) -> bytes:
    lines = metadata.decode().splitlines()
    kept = [f"Tag: {TAG}" if line.startswith("Tag: ") else line for line in lines]
    return "\n".join([*kept, ""]).encode()


def _named(name: str, entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """Return an entry with the time and the rights of another one."""
    named = zipfile.ZipInfo(name, entry.date_time)
    named.external_attr = entry.external_attr
    named.compress_type = zipfile.ZIP_DEFLATED
    return named


def _digest(data: bytes) -> str:
    """Return a digest as a RECORD has it."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"sha256={digest.rstrip(b'=').decode()}"


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(compiled(Path(sys.argv[1]).read_bytes()))
