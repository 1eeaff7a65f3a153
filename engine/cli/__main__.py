"""`python -m engine.cli`: the same as `headroom`."""

from engine.cli import main

main()
