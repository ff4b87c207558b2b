"""Moving data in and out: other formats, as functions. The command line has a command for each.

Only the command line imports this; the kernel and the lenses know nothing of it.
"""

from libredb.interop.typescript.convert import convert
from libredb.interop.typescript.report import ConvertReport, Unfit, UnfitError, UpgradeReport
from libredb.interop.typescript.upgrade import upgrade

__all__ = ["ConvertReport", "Unfit", "UnfitError", "UpgradeReport", "convert", "upgrade"]
