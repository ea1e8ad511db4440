"""`python -m brittle` is the command `brittle`."""

from brittle.cli import main

main()
