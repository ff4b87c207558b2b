"""`python -m libredb` is the `libredb` command."""

import sys

from libredb.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
