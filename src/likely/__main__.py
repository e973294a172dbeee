"""``python -m likely`` is the command line."""

from likely.cli import main

main()
