"""What a notice carries to prove itself (`record.md`).

It is the exact bytes of events with their place in the log, and hashes of all of it. `event.json` is the
event that the notice states, and `date.jsonl` holds the events of its date. Each has its inclusion path to
the root of the checkpoint in `event.tlog-proof`. That file is there if the operator has a key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.basics.strict_json import read_json
from engine.events.notice import NoticeFacts, notice_facts
from engine.record.canonical import canonical, sha256_hex
from engine.record.checkpoint import newest
from engine.record.entry import Entry
from engine.record.inclusion_proof import LONGEST_PATH, Proof
from engine.record.merkle import Inclusion, leaf_hash

OBSERVATIONS = "index,publication_date,usd_per_gpu_hour,seller"
"""The first line of `observations.csv`.

A seller is a number, 1 to n in that notice; the cell is empty if the seller is not known.
"""
BEFORE_SELLERS = "index,publication_date,usd_per_gpu_hour"
"""The same in a notice of edition 1."""
HASH = re.compile(r"[0-9a-f]{64}")

Files = dict[str, tuple[bytes, str]]
"""Attachments: by name the bytes and what they are."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the attachments are made of.

    Attributes:
        deal: the deal's name.
        entries: the deal's log, whole.
        stated: number of the entry that the notice states.
        of_date: numbers of the entries of its date, the stated one among them.
        deal_file: the bytes of the deal file.
        observations: the observations of every week that the notice shows, as CSV.
        checkpoint: the signed note to prove against, with its size; None without a key.
        earlier: numbers of the entries of earlier dates that page 1 speaks of.
        standing: how everything stands, whose hash the stated event holds; None if nothing was determined.
    """

    deal: str
    entries: Sequence[Entry]
    stated: int
    of_date: tuple[int, ...]
    deal_file: bytes | None
    observations: bytes
    checkpoint: tuple[int, str] | None
    earlier: tuple[int, ...] = ()
    standing: bytes | None = None

    @property
    def log_size(self) -> int:
        """The size of the log that the paths lead to the root of."""
        return self.checkpoint[0] if self.checkpoint else self.stated + 1


PAGE, MANIFEST = "page.json", "manifest.json"
SAID = {
    PAGE: "every visible string of the pages, with its place",
    MANIFEST: "hashes of the attached files, and what the notice is",
}
DESCRIBED = SAID | {
    "event.json": "the event that this notice states, canonical JSON",
    "date.jsonl": "the events of its date, each with its path to the root of the log",
    "earlier.jsonl": "the events of earlier dates that page 1 speaks of, each with its path",
    "standing.json": "how every test, trigger and Obligation stands, by its hash in the log",
    "event.tlog-proof": "that the event is in the log: a C2SP tlog-proof",
    "deal.yaml": "the deal file",
    "observations.csv": "the observations of every week shown",
}
"""What each file is, as a reader of PDFs shows it."""


def attachments(evidence: Evidence) -> Files:
    """Return the files to embed, without the page's words and the manifest.

    The names of these two stand for them, since the page names each attached file.
    """
    entry = evidence.entries[evidence.stated]
    tree = Inclusion([leaf_hash(entry.body) for entry in evidence.entries[: evidence.log_size]])
    files = {"event.json": entry.body, "date.jsonl": _lines(evidence, evidence.of_date, tree)}
    if evidence.earlier:
        files["earlier.jsonl"] = _lines(evidence, evidence.earlier, tree)
    if evidence.standing is not None:
        files["standing.json"] = evidence.standing
    if evidence.checkpoint is not None:
        files["event.tlog-proof"] = Proof(
            entry.seq, tuple(tree.proof(entry.seq)), evidence.checkpoint[1]
        ).text.encode()
    if evidence.deal_file is not None:
        files["deal.yaml"] = evidence.deal_file
    files["observations.csv"] = evidence.observations
    return described(files | dict.fromkeys(SAID, b""))


def described(files: Mapping[str, bytes]) -> Files:
    """Return files with what each is, as a reader of PDFs shows it."""
    return {name: (data, DESCRIBED.get(name, name)) for name, data in files.items()}


def with_words(files: Files, evidence: Evidence, facts: NoticeFacts, words: bytes) -> Files:
    """Return all files to embed, with the page's words and the manifest.

    The manifest holds the hashes of all other files.
    """
    entry = evidence.entries[evidence.stated]
    others = {name: file for name, file in files.items() if name != MANIFEST} | {PAGE: (words, SAID[PAGE])}
    manifest = {
        "version": 2,
        "deal": evidence.deal,
        "leaf": entry.leaf.hex(),
        "seq": entry.seq,
        "log_size": evidence.log_size,
        "files": {name: sha256_hex(data) for name, (data, _) in others.items()},
        "notice": facts.as_data(),
    }
    return others | {MANIFEST: (canonical(manifest), SAID[MANIFEST])}


def _lines(evidence: Evidence, entries: Sequence[int], tree: Inclusion) -> bytes:
    """Return one line for each entry: its number, its body as text, its path."""
    lines = []
    for seq in entries:
        path = [step.hex() for step in tree.proof(seq)]
        lines.append(_line(seq, evidence.entries[seq].body.decode(), path))
    return ("\n".join(lines) + "\n").encode()


def _line(seq: int, body: str, path: Sequence[str]) -> str:
    """Return a line of `date.jsonl`, in the one way in which it is written."""
    return json.dumps({"seq": seq, "body": body, "path": list(path)}, ensure_ascii=False)


def checkpoint_for(checkpoints: Sequence[tuple[int, str]], seq: int) -> tuple[int, str] | None:
    """Return the first checkpoint that covers an entry.

    Of several notes of that checkpoint, the one that was saved last counts, since it has every cosignature.
    """
    first = min((size for size, _ in checkpoints if size > seq), default=None)
    return newest(checkpoint for checkpoint in checkpoints if checkpoint[0] == first)


@dataclass(frozen=True, slots=True)
class Attached:
    """One line of `date.jsonl`: an entry's number, its body, and its path to the root."""

    seq: int
    body: bytes
    path: tuple[bytes, ...]


def read_of_date(data: bytes) -> list[Attached]:
    """Return the lines of `date.jsonl`. Raises ValueError if one is not written as we write it."""
    lines = data.decode().split("\n")
    if lines.pop() or not lines:
        raise ValueError("date.jsonl does not end with the line of an entry")
    return [_attached(read_json(line), line) for line in lines]


def _attached(line: Any, written: str) -> Attached:
    # A further key would be bytes that no check looks at, in a file that is called evidence.
    if not isinstance(line, dict) or set(line) != {"seq", "body", "path"}:
        raise ValueError("a line of date.jsonl holds something else than seq, body and path")
    seq, body, path = line["seq"], line["body"], line["path"]
    if (
        type(seq) is not int
        # Beyond this bound a reader in another language would round the number and look at another entry.
        or not 0 <= seq < 2**53
        or not isinstance(body, str)
        or not isinstance(path, list)
    ):
        raise ValueError("a line of date.jsonl has a number, a body or a path of another kind")
    if len(path) > LONGEST_PATH or not all(isinstance(step, str) and HASH.fullmatch(step) for step in path):
        raise ValueError("a path of date.jsonl has a step that is not 64 lower-case hexadecimal digits")
    # A line that has two readings could be one entry for this verifier and another for the next.
    if _line(seq, body, path) != written:
        raise ValueError(
            "a line of date.jsonl is written otherwise: a key twice, a number in another form, or spaces"
        )
    return Attached(seq, body.encode(), tuple(bytes.fromhex(step) for step in path))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `manifest.json` states.

    It states the deal, the entry, the log's size, the hash of every other file, and what the notice is.
    `notice` is None in a manifest of version 1, whose notice carries no words of its pages.
    """

    deal: str
    leaf: str
    seq: int
    log_size: int
    files: Mapping[str, str]
    notice: NoticeFacts | None = None


STATED = {"deal", "leaf", "seq", "log_size", "files"}


def read_manifest(data: bytes) -> Manifest:
    """Return what a manifest states.

    Raises ValueError if it is not in its canonical form or states something else.
    """
    manifest = read_json(data)
    if (
        not isinstance(manifest, dict)
        or canonical(manifest) != data
        or set(manifest) not in (STATED, {*STATED, "version", "notice"})
    ):
        raise ValueError(
            "the manifest is not in canonical form, or states other things than deal, leaf, seq, log_size, "
            "files and notice"
        )
    files = manifest["files"]
    if not isinstance(files, dict) or not all(
        isinstance(file, str) and HASH.fullmatch(file) for file in (*files.values(), manifest["leaf"])
    ):
        raise ValueError("the manifest names a file without its SHA-256")
    if (
        not isinstance(manifest["deal"], str)
        or type(manifest["seq"]) is not int
        or type(manifest["log_size"]) is not int
    ):
        raise ValueError("the manifest's deal, seq or log_size is of another kind")
    if "version" not in manifest:
        return Manifest(**manifest)
    if (
        type(manifest["version"]) is not int
        or manifest["version"] != 2
        or not isinstance(manifest["notice"], dict)
    ):
        raise ValueError(
            "the manifest is of a version that this verifier does not know, or says nothing of its notice"
        )
    return Manifest(**{name: manifest[name] for name in STATED}, notice=notice_facts(manifest["notice"]))
