"""What a notice is made of, handed in whole: nothing is read from a file, a clock or a database."""

from __future__ import annotations

from engine.record.notice import NoticeInputs, NoticeKind

__all__ = ["NoticeInputs", "NoticeKind"]
