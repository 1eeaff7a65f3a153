"""`python -m engine.verifier`: the same as `headroom-verify`."""

from engine.verifier.verifier_command import main

main()
