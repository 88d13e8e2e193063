"""`python -m fednet`: the command line."""

from fednet.cli import main

main()
