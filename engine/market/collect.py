"""Asking the marketplace over HTTP: bounded, patient, and never without a stated right (`index.md`, The right to collect).

One adapter for the marketplace's search by GPU model; another source enters by the same door, a function that returns the
offers of one model. The answer is kept as it was given, wrapped as a raw Snapshot.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import stamina

from engine.basics.errors import HeadroomError

LARGEST = 32 * 1024 * 1024
"""Bytes of one answer when decompressed."""
ATTEMPTS = 4
MOST_OFFERS = 16_384
"""No query asks for more; a list that is still cut is recorded as cut."""
SEARCH = "/api/v0/bundles/"


class CollectionFailed(HeadroomError):
    """The marketplace gave no usable answer, and why."""


class _Retry(Exception):
    """A failure that another attempt may mend."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: where, for which GPU models, how many offers of each, how long to wait.

    `pause` is the first back-off in seconds; it doubles, with jitter.
    """

    base_url: str
    models: tuple[str, ...]
    limit: int
    timeout: float
    pause: float = 0.5


def collect(query: Query, at: datetime, right: Mapping[str, str], progress: Callable[[str], None]) -> bytes:
    """One collection of every model as the bytes of a raw Snapshot.

    Args:
        query: what is asked.
        at: the collection time, with its zone.
        right: the right to collect, as the operator states it; it is kept in the Snapshot.
        progress: told before each model.

    Raises:
        CollectionFailed: no answer after all attempts, or one that is damaged or too large.
    """
    offers: dict[str, list[Any]] = {}
    limit = query.limit
    with httpx2.Client(timeout=query.timeout, headers={"Accept-Encoding": "gzip"}) as client:
        for model in query.models:
            progress(f"asking for {model}")
            offers[model], used = _whole(client, query, model)
            limit = max(limit, used)
    document = {
        "collected_utc": at.astimezone(UTC).isoformat(),
        "collection_date": at.astimezone(UTC).date().isoformat(),
        "description": "One query per GPU model, all countries, as answered.",
        "source": query.base_url,
        "collection_right": dict(right),
        "limit": limit,
        "models_queried": list(query.models),
        "offers_by_model": offers,
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _whole(client: httpx2.Client, query: Query, model: str) -> tuple[list[Any], int]:
    """All offers of a model: a list as long as its limit is cut, so it is asked for again with a higher one."""
    limit = query.limit
    while True:
        offers = _asked(client, query, model, limit)
        if len(offers) < limit or limit >= MOST_OFFERS:
            return offers, limit
        limit = min(limit * 4, MOST_OFFERS)


def _asked(client: httpx2.Client, query: Query, model: str, limit: int) -> list[Any]:
    """One answer, after as many attempts as it takes, with exponential back-off and jitter between them."""
    attempts = stamina.retry_context(
        on=_Retry, attempts=ATTEMPTS, timeout=None, wait_initial=query.pause, wait_max=30 * query.pause, wait_jitter=query.pause
    )
    try:
        for attempt in attempts:
            with attempt:
                return _once(client, query, model, limit)
    except _Retry as error:
        raise CollectionFailed(f"{model}: no usable answer after {ATTEMPTS} attempts: {error}") from None
    raise CollectionFailed(f"{model}: no attempt was made")


def _once(client: httpx2.Client, query: Query, model: str, limit: int) -> list[Any]:
    search = {"gpu_name": {"eq": model}, "rentable": {"eq": True}, "order": [["dph_total", "asc"]], "type": "on-demand", "limit": limit}
    try:
        with client.stream("GET", query.base_url.rstrip("/") + SEARCH, params={"q": json.dumps(search)}) as response:
            if response.status_code == 429 or response.status_code >= 500:
                raise _Retry(f"the server answered {response.status_code}")
            if response.status_code != 200:
                raise CollectionFailed(f"{model}: the server answered {response.status_code}")
            body = _bounded(response, model)
    except httpx2.TimeoutException:
        raise _Retry(f"no answer within {query.timeout:g} s") from None
    except httpx2.TransportError as error:
        raise _Retry(f"the connection failed ({error})") from None
    return _offers(body, model)


def _bounded(response: httpx2.Response, model: str) -> bytes:
    """The body, decompressed, never more than LARGEST: a compressed bomb ends the collection, not the machine."""
    body = bytearray()
    for chunk in _plain(response):
        body += chunk
        if len(body) > LARGEST:
            raise CollectionFailed(f"{model}: the answer is larger than {LARGEST:,} bytes; it was cut off")
    return bytes(body)


def _plain(response: httpx2.Response) -> Iterator[bytes]:
    if response.headers.get("content-encoding", "identity") != "gzip":
        yield from response.iter_raw()
        return
    stream = zlib.decompressobj(wbits=31)
    for chunk in response.iter_raw():
        try:
            yield stream.decompress(chunk, LARGEST + 1)
        except zlib.error as error:
            raise _Retry(f"the compressed answer is damaged ({error})") from None
        if stream.unconsumed_tail:
            yield b" " * (LARGEST + 1)
    if not stream.eof:
        raise _Retry("the compressed answer was cut off")


def _offers(body: bytes, model: str) -> list[Any]:
    try:
        answer = json.loads(body, parse_constant=_refuse)
    except ValueError as error:
        raise _Retry(f"the answer is not JSON or was cut off ({error})") from None
    offers = answer.get("offers") if isinstance(answer, dict) else None
    if not isinstance(offers, list):
        raise CollectionFailed(f"{model}: the answer has no list of offers")
    return offers


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")
