"""What people ask of a node: who does what where, what happens when, and which networks say so. Reads only."""

import fednet.store  # noqa: F401  before anything imports sqlite-utils
