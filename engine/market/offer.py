"""One offer of a marketplace's answer, with the fields that the rules look at (`index.md`)."""

from __future__ import annotations

from typing import Any

import msgspec


class Offer(msgspec.Struct, gc=False):
    """The fields of an offer that the rules look at.

    The default of each field is what the rules assume if the field is absent.
    """

    gpu_name: str = ""
    rentable: bool | None = True
    rented: bool | None = False
    geolocation: str | None = ""
    reliability2: float | None = 0.0
    num_gpus: int | float | None = 0
    start_date: float | None = None
    dph_total: float | None = None
    host_id: int | str | None = None
    machine_id: int | str | None = None
    id: Any = None
    """The offer's own number. An offer that stands twice in one answer counts once.

    No value of it makes an offer unreadable.
    """


class Malformed(msgspec.Struct):
    """An offer that cannot be read, and why. It is excluded with that reason and never stops the day."""

    why: str
