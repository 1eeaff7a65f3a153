"""The demonstration: a generated marketplace and generated servicer's reports; nothing in it is real."""
