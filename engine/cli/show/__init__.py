"""One module per family of commands; the command line imports each only when it is asked for."""
