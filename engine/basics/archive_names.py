"""Where a snapshot lies in the archive: one folder per UTC day, named by the SHA-256 of its plain bytes."""

from __future__ import annotations

from datetime import date

JSON_FORMS = ("offers", "empty day")


def snapshot_place(day: date, sha256: str, form: str) -> str:
    """Return the path of a snapshot's file inside the archive, from its day, its hash and its form."""
    return f"{day.isoformat()}/{sha256}.{'json.gz' if form in JSON_FORMS else 'csv.gz'}"
