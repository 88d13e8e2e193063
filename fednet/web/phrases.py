"""What the rooms below say to people, found in their code: sentences with `%(name)s` where something is filled in.

Errors, their hints and the reasons of a result are English f-strings there. `every()` reads them from the syntax
tree, so that catalogues hold them (`catalogue.py`), and `translation.told` finds by its pattern which one a text is.
"""

from __future__ import annotations

from collections.abc import Iterator


def every() -> Iterator[str]:
    return iter(())
