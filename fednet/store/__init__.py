"""What a node keeps: one SQLite database, one schema for its own and for followed networks. The only room with SQL."""

import sys


def _import_without_numpy() -> None:
    """sqlite-utils imports numpy where there is one, for column types that we do not have: 0.1 s of every command."""
    if "numpy" not in sys.modules:
        sys.modules["numpy"] = None  # type: ignore[assignment]
        try:
            import sqlite_utils  # noqa: F401
        finally:
            del sys.modules["numpy"]


_import_without_numpy()
