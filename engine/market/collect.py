"""Asking the marketplace over HTTP: bounded, patient, and never without a stated right.

See `index.md`, The right to collect. There is one adapter, for the marketplace's search by GPU model. Another
source enters in the same way, as a function that returns the offers of one model. The answer is kept as it
was given, wrapped as a raw Snapshot.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any

import httpx2
import stamina

from engine.basics.errors import HeadroomError
from engine.basics.strict_json import read_json

LARGEST = 32 * 1024 * 1024
"""The most bytes of one answer, decompressed."""
ATTEMPTS = 4
MOST_OFFERS = 16_384
"""The most offers that a query asks for. A list that is still cut is recorded as cut."""
MOST_ANSWERS = 64
"""The most answers that are joined for one list. A longer list is recorded as not shown to be whole."""
ROUND_SIZES = (64, 100, 128, 256)
"""Lengths at which servers cut a list, whatever was asked for."""
SEARCH = "/api/v0/bundles/"


class CollectionFailed(HeadroomError):
    """Raised, with the reason, if the marketplace gives no usable answer."""


class _Retry(Exception):
    """A failure that another attempt may mend."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: where, for which GPU models, how many offers of each, and how long to wait.

    `pause` is the first wait between attempts, in seconds. It doubles, with jitter.
    """

    base_url: str
    models: tuple[str, ...]
    limit: int
    timeout: float
    pause: float = 0.5


@dataclass(frozen=True, slots=True)
class Asking:
    """A collection under way: the connection, the query, and every answer as it came, oldest first."""

    client: httpx2.Client
    query: Query
    answers: list[bytes]


def collect(
    query: Query,
    at: datetime,
    right: Mapping[str, str],
    progress: Callable[[str], None],
    answers: list[bytes] | None = None,
) -> bytes:
    """Return one collection of every model as the bytes of a raw Snapshot.

    Args:
        query: what is asked.
        at: the collection time, with its zone.
        right: the right to collect, as the operator states it; it is kept in the Snapshot.
        progress: is told of each model before it is asked for.
        answers: receives every answer, byte for byte as it came; the Snapshot names their hashes.

    Raises:
        CollectionFailed: no answer after all attempts, or one that is damaged or too large.
    """
    offers: dict[str, list[Any]] = {}
    received = [] if answers is None else answers
    limit = query.limit
    whole: list[str] = []
    # Only gzip is asked for, because the answer is decompressed here, with a bound on its size.
    with httpx2.Client(timeout=query.timeout, headers={"Accept-Encoding": "gzip"}) as client:
        for model in query.models:
            progress(f"asking for {model}")
            found = _whole(Asking(client, query, received), model)
            offers[model], limit = found.offers, max(limit, found.limit)
            whole += [model] if found.whole else []
    document = {
        "collected_utc": at.astimezone(UTC).isoformat(),
        "collection_date": at.astimezone(UTC).date().isoformat(),
        "description": "Each GPU model from both ends of its price list, all countries, each offer once.",
        "source": query.base_url,
        "collection_right": dict(right),
        "limit": limit,
        "whole": whole,
        "models_queried": list(query.models),
        # Offers are joined from several answers, so the hashes let anyone prove what came from where.
        "answers_sha256": [sha256(body).hexdigest() for body in received],
        "offers_by_model": offers,
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Answers:
    """All that was learnt of one model.

    It holds the offers, cheapest first, the query's limit, and whether they are shown to be all.
    """

    offers: list[Any]
    limit: int
    whole: bool


def _whole(asking: Asking, model: str) -> Answers:
    """Return all offers of a model, each once, and whether they are shown to be all.

    The model is asked for from both ends of the price list until the answers meet. A list as long as its
    limit is cut, so it is asked for again with a higher limit. A shorter list proves nothing, because servers
    cut lists at a length of their own. Answers have met if they share an offer and their prices overlap. Then
    nothing can lie between.
    """
    limit = asking.query.limit
    front = _asked(asking, model, limit)
    while len(front) >= limit and limit < MOST_OFFERS:
        limit = min(limit * 4, MOST_OFFERS)
        front = _asked(asking, model, limit)
    # A short first answer proves nothing: a server may have cut it at a length of its own.
    back = _asked(asking, model, limit, order="desc")
    if not (_in_order(front) and _in_order(back[::-1])):
        return Answers(front, limit, whole=False)  # no order, or no numbers, to tell by what lies between
    by_number = {_number(offer): offer for offer in front}
    dearest = {_number(offer): offer for offer in back}
    last = front
    # Bounded: a list that needs more answers is recorded as not shown to be whole.
    for _ in range(MOST_ANSWERS):
        if _met(by_number, dearest) or not last or len(by_number) >= MOST_OFFERS:
            break
        # At or above the last price and not above it: offers of equal price may be cut in two.
        last = _asked(asking, model, limit, at_least=_price(last[-1]))
        fresh = {_number(offer): offer for offer in last} if _in_order(last) else {}
        # Without a new offer the list does not move on, so further answers would not help.
        if not fresh.keys() - by_number.keys():
            break
        by_number |= {number: offer for number, offer in fresh.items() if number not in by_number}
    # Two equal answers that no limit can have cut are whole even if all prices are the same.
    whole = _met(by_number, dearest) or (
        by_number.keys() == dearest.keys() and len(by_number) < limit and len(by_number) not in ROUND_SIZES
    )
    rest = [offer for offer in reversed(back) if _number(offer) not in by_number]
    return Answers([*by_number.values(), *rest], limit, whole)


def _number(offer: Any) -> str | None:
    number = offer.get("id") if isinstance(offer, dict) else None
    return str(number) if isinstance(number, int | str) else None


def _price(offer: Any) -> float:
    return float(offer["dph_total"])


def _in_order(offers: list[Any]) -> bool:
    """Return whether every offer has a number and a price, and the prices never fall."""
    if any(_number(offer) is None or type(offer.get("dph_total")) not in (int, float) for offer in offers):
        return False
    prices = [_price(offer) for offer in offers]
    return all(price <= other for price, other in pairwise(prices))


def _met(offers: Mapping[str | None, Any], dearest: Mapping[str | None, Any]) -> bool:
    """Return whether the cheapest and the dearest offers share an offer and overlap in price."""
    if not offers.keys() & dearest.keys():
        return False
    # `>` and not `>=`: more offers at exactly the shared price could lie between the two ends.
    return max(map(_price, offers.values())) > min(map(_price, dearest.values()))


def _asked(
    asking: Asking, model: str, limit: int, order: str = "asc", at_least: float | None = None
) -> list[Any]:
    """Return the offers of one answer, after as many attempts as it takes.

    The wait between attempts grows exponentially, with jitter.
    """
    query = asking.query
    attempts = stamina.retry_context(
        on=_Retry,
        attempts=ATTEMPTS,
        timeout=None,
        wait_initial=query.pause,
        wait_max=30 * query.pause,
        wait_jitter=query.pause,
    )
    try:
        for attempt in attempts:
            with attempt:
                return _once(asking, model, _search(model, limit, order, at_least))
    except _Retry as error:
        raise CollectionFailed(f"{model}: no usable answer after {ATTEMPTS} attempts: {error}") from None
    raise CollectionFailed(f"{model}: no attempt was made")


def _search(model: str, limit: int, order: str, at_least: float | None) -> dict[str, Any]:
    """Return the search for the offers of a model, sorted by price in the given order.

    With `at_least` it covers only offers at that price or above.
    """
    search: dict[str, Any] = {
        "gpu_name": {"eq": model},
        # Only what can be rented is asked for: taken offers fill a list up to its limit and price nothing.
        "rentable": {"eq": True},
        "order": [["dph_total", order]],
    }
    priced = {} if at_least is None else {"dph_total": {"gte": at_least}}
    return {**search, **priced, "type": "on-demand", "limit": limit}


def _once(asking: Asking, model: str, search: dict[str, Any]) -> list[Any]:
    query = asking.query
    try:
        with asking.client.stream(
            "GET", query.base_url.rstrip("/") + SEARCH, params={"q": json.dumps(search)}
        ) as response:
            # A busy server may recover; any other refusal stays one and is not asked again.
            if response.status_code == 429 or response.status_code >= 500:
                raise _Retry(f"the server answered {response.status_code}")
            if response.status_code != 200:
                raise CollectionFailed(f"{model}: the server answered {response.status_code}")
            body = _bounded(response, model)
    except httpx2.TimeoutException:
        raise _Retry(f"no answer within {query.timeout:g} s") from None
    except httpx2.TransportError as error:
        raise _Retry(f"the connection failed ({error})") from None
    # Kept before it is read, so that a damaged answer can be looked at too.
    asking.answers.append(body)
    return _offers(body, model)


def _bounded(response: httpx2.Response, model: str) -> bytes:
    """Return the body of an answer, decompressed, never more than LARGEST bytes.

    A compressed bomb ends the collection, not the machine: it raises CollectionFailed.
    """
    body = bytearray()
    for chunk in _plain(response):
        body += chunk
        if len(body) > LARGEST:
            raise CollectionFailed(f"{model}: the answer is larger than {LARGEST:,} bytes; it was cut off")
    return bytes(body)


def _plain(response: httpx2.Response) -> Iterator[bytes]:
    if response.headers.get("content-encoding", "identity") != "gzip":
        # A plain answer comes here, and any encoding that was not asked for: its bytes are not JSON and are
        # refused.
        yield from response.iter_raw()
        return
    stream = zlib.decompressobj(wbits=31)
    for chunk in response.iter_raw():
        try:
            yield stream.decompress(chunk, LARGEST + 1)
        except zlib.error as error:
            raise _Retry(f"the compressed answer is damaged ({error})") from None
        # More is left than may be read, so what follows pushes the body over its bound without unpacking
        # it.
        if stream.unconsumed_tail:
            yield b" " * (LARGEST + 1)
    # A cut stream still decompresses up to the cut, and might even end in valid text.
    if not stream.eof:
        raise _Retry("the compressed answer was cut off")


def _offers(body: bytes, model: str) -> list[Any]:
    try:
        answer = read_json(body.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise _Retry(f"the answer is not JSON or was cut off ({error})") from None
    offers = answer.get("offers") if isinstance(answer, dict) else None
    if not isinstance(offers, list):
        raise CollectionFailed(f"{model}: the answer has no list of offers")
    return offers
