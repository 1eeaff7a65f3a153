"""Canonical JSON (RFC 8785) and the hashes made over it, as the record uses them."""

from engine.basics.canonical_json import canonical as canonical
from engine.basics.canonical_json import sha256_hex as sha256_hex
