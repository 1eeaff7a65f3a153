"""`make bench`: each line a ratio of two ways, interleaved, median of 5; never a timed test."""

from __future__ import annotations

import gzip
import io
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pypdf import PdfReader
from scipy import stats

from covenants import templates
from engine.basics.seller_subsets import seller_week
from engine.cli.show.keys import make_key, make_notice_key
from engine.demo import plan
from engine.events.notice import NoticeInputs
from engine.market.archive import Archive
from engine.market.index import compute, definition
from engine.market.interval import exact_interval
from engine.market.methodology import load_methodology
from engine.market.quality import manipulation as attack
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import verify_notice
from engine.operations.run import Tools, run
from engine.workspace.workspace import Workspace, create, opened
from reports.notice.compose import compose
from reports.notice.evidence_view import NoticePages
from reports.render.pdf import render_notice, to_html, to_pdf
from reports.render.render_pool import RenderPool
from tests.bench import growth, sellers
from tests.conftest import REPOSITORY
from tests.market import naive
from tests.market.test_manipulation import brute_least, listed
from tests.operations.test_run import DEAL, fill

REPEATS = 5
NOW = datetime(2026, 7, 3, 12, tzinfo=UTC)
Work = Callable[[], object]


def ratio(fast: Work, slow: Work, repeats: int = REPEATS) -> tuple[float, float, float]:
    """Median seconds of both, and how many times faster the first is; runs alternate so that both see the
    same machine.
    """
    slow()
    loops = [max(1, min(200, int(0.05 / _once(work)))) for work in (fast, slow)]
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for work, found, count in zip((fast, slow), times, loops, strict=True):
            started = time.perf_counter()
            for _ in range(count):
                work()
            found.append((time.perf_counter() - started) / count)
    quick, long = (statistics.median(found) for found in times)
    return quick, long, long / quick


def _once(work: Work) -> float:
    work()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def line(name: str, against: str, measured: tuple[float, float, float], floor: str) -> None:
    quick, long, times = measured
    print(f"{name:<44} {against:<42} {quick * 1000:9.2f} ms {long * 1000:10.2f} ms {times:8.1f}x  {floor}")


def market(folder: Path) -> None:
    """A generated week as files, both ways from the raw bytes."""
    archive, raw = Archive(folder / "archive"), folder / "snapshots"
    raw.mkdir(parents=True)
    end = plan.THURSDAYS[1] - timedelta(days=1)
    for one in plan.snapshots(plan.THURSDAYS[1]):
        archive.add(one.data, one.name)
        (raw / f"{one.name}.gz").write_bytes(gzip.compress(one.data, mtime=0))
    rules, index = load_methodology("1.1.1"), definition("CRI-H100")
    first = end - timedelta(days=6)
    line(
        "one week's index from raw snapshots",
        "json + pandas + plain bootstrap",
        ratio(
            lambda: compute(index, rules, archive.between(first, end), end),
            lambda: naive.week(folder, "H100 SXM", end, 8),
        ),
        "floor 25x",
    )


def intervals() -> None:
    prices = [Decimal(int(x * 1e6)).scaleb(-6) for x in np.random.default_rng(1).normal(2, 0.2, 60)]
    floats = np.array([float(price) for price in prices])

    def plain() -> object:
        return stats.bootstrap((floats,), np.median, n_resamples=10_000, method="percentile", random_state=1)

    line(
        "exact 95% interval of the median",
        "scipy.stats.bootstrap, 10,000",
        ratio(lambda: exact_interval(prices), plain),
        "floor 50x",
    )
    hosts = [f"h{n % 12}" for n in range(200)]
    many = np.random.default_rng(2).integers(1_500_000, 2_500_000, 200).tolist()
    week = seller_week(zip(hosts, many, strict=True))
    micros = np.array(many)
    groups = [micros[np.array(hosts) == name] for name in sorted(set(hosts))]

    def loop() -> object:
        chosen = ([group for group, there in zip(groups, bits, strict=True) if there] for bits in subsets)
        return [np.median(np.concatenate(held or [micros])) for held in chosen]

    subsets = list(product((False, True), repeat=12))
    line(
        "interval by sellers, 200 observations, 12 sellers",
        "every subset written out",
        ratio(week.interval, loop, 3),
        "floor 50x",
    )


SIZES = (8, 15, 30, 60, 100, 200)


def manipulation() -> None:
    """Every attack price and move of the paper's Table 5, for a day of each size and for all of them;
    agreeing with brute force first.
    """
    chance, rules = random.Random(1), load_methodology("1.1.1")
    days = {
        size: [Fraction(round(2e6 * chance.lognormvariate(0, 0.2)), 10**6) for _ in range(size)]
        for size in SIZES
    }
    attacks = [(at, move) for at in attack.AT for move in attack.MOVES]

    def ours(sizes: tuple[int, ...]) -> list[int | None]:
        return [
            attack.least_for_day(observed[size], rules, at, move) for size in sizes for at, move in attacks
        ]

    def brute(sizes: tuple[int, ...]) -> list[int | None]:
        return [brute_least(days[size], at, move) for size in sizes for at, move in attacks]

    observed = {size: listed(found) for size, found in days.items()}
    assert ours(SIZES) == brute(SIZES)
    for name, sizes in [
        *((f"N = {size}", (size,)) for size in SIZES),
        (f"N = {SIZES[0]} to {SIZES[-1]}", SIZES),
    ]:
        measured = ratio(lambda chosen=sizes: ours(chosen), lambda chosen=sizes: brute(chosen), 3)  # type: ignore[misc]
        floor = "floor 700x" if sizes == SIZES else ""
        line("least number of injected listings", f"brute force of the tests, {name}", measured, floor)


WEEKS = 26


class Desk:
    """A workspace of one deal and half a year; its last notice is signed, the others are kept as what they
    are made of.
    """

    def __init__(self, folder: Path) -> None:
        create(folder)
        deal = REPOSITORY / "deals" / f"{DEAL}.yaml"
        (folder / "deals" / deal.name).write_text(deal.read_text(encoding="utf-8"), encoding="utf-8")
        self.inputs: list[NoticeInputs] = []
        self.folder, known = folder, templates()
        workspace = opened(folder)
        fill(workspace, WEEKS, known)
        self._run(workspace, WEEKS - 2, self._kept)
        with redirect_stdout(io.StringIO()):
            make_key("bench.example/log", folder / "keys" / "log.key", cosigner=False, as_json=True)
            make_notice_key("Bench", folder / "keys" / "notice.key", NOW, as_json=True)
        self._run(workspace, WEEKS - 1, lambda notices: [render_notice(one) for one in self._seen(notices)])
        workspace.store.close()

    def _run(
        self, workspace: Workspace, week: int, render: Callable[[Iterable[NoticeInputs]], Iterable[bytes]]
    ) -> None:
        run(
            workspace,
            plan.THURSDAYS[week],
            Tools(templates(), render, NOW, "bench", lambda _: None, pages=NoticePages()),
        )

    def _seen(self, notices: Iterable[NoticeInputs]) -> list[NoticeInputs]:
        found = list(notices)
        self.inputs += found
        return found

    def _kept(self, notices: Iterable[NoticeInputs]) -> list[bytes]:
        return [b"-" for _ in self._seen(notices)]

    def signed(self) -> tuple[bytes, Policy]:
        """The last notice, and the policy of whoever knows both keys."""
        certificate = x509.load_pem_x509_certificate((self.folder / "keys" / "notice.key.crt").read_bytes())
        policy = Policy(
            log_keys=((self.folder / "keys" / "log.key.pub").read_text(encoding="utf-8").strip(),),
            notice_certificates=(certificate.fingerprint(hashes.SHA256()).hex(),),
        )
        return sorted((self.folder / "notices" / DEAL).glob("*compliance.pdf"))[-1].read_bytes(), policy


def read_in_python(data: bytes) -> tuple[dict[str, bytes], list[str]]:
    """What a verifier reads of a notice, by pypdf: attachments, and the text of its first pages."""
    reader = PdfReader(io.BytesIO(data))
    return {name: found[0] for name, found in reader.attachments.items()}, [
        page.extract_text() for page in reader.pages[:2]
    ]


def verification(data: bytes, policy: Policy) -> None:
    """In the process that signed, with everything imported; the check itself imports nothing of what signs."""
    known = templates()

    def verified() -> None:
        found = list(verify_notice(data, policy, known, pages=NoticePages()))
        assert found[-1].name == "all text", found
        assert found[-1].difference is None, found

    line(
        f"verify a signed notice, {WEEKS} weeks on record",
        "pypdf reading the PDF alone",
        ratio(verified, lambda: read_in_python(data)),
        "aim 25 ms of CPU",
    )


def notices(desk: Desk) -> None:
    made = [one for one in desk.inputs if one.kind == "compliance"][-14:]
    last = made[-1]
    whole = to_html("notice.html.j2", compose(last), "a4")
    start, end = whole.index("<figure"), whole.index("</figure>") + len("</figure>")
    bare = whole[:start] + whole[end:]
    with_chart, without, _ = ratio(
        lambda: to_pdf(whole, last.issued_at, {}), lambda: to_pdf(bare, last.issued_at, {})
    )
    print(
        f"{'one warm notice, with its chart':<44} {'the same without its chart':<42} "
        f"{with_chart * 1000:9.2f} ms {without * 1000:10.2f} ms {with_chart / without:8.2f}x  at most 1.5x"
    )
    several = [replace(one, number=n) for n, one in enumerate(made, 1)]
    pool = RenderPool(2)
    list(pool(several))
    line(
        "14 notices on two processes",
        "one process",
        ratio(lambda: list(pool(several)), lambda: [render_notice(one) for one in several], 3),
        "floor 1.5x",
    )
    pool.close()


EAGER = (
    "import sys, alembic, apscheduler.schedulers.blocking, cryptography.x509, fontTools.ttLib, holidays, "
    "httpx2, jinja2, msgspec, numpy; import pandas, pydantic, pyhanko.sign.signers, pypdfium2, rfc8785, "
    "scipy.stats, sqlmodel, stamina, weasyprint, yaml; import engine.cli; sys.argv = {arguments!r}; "
)
LAZY = "import sys, engine.cli; sys.argv = {arguments!r}; "
MAIN = "\ntry: engine.cli.main()\nexcept SystemExit: pass"


def command_line() -> None:
    known = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }  # as on a user's machine
    for name, arguments in (
        ("--help", ["headroom", "--help"]),
        ("check", ["headroom", "check", "deals/meridian-2026-1.yaml"]),
    ):

        def started(head: str, words: list[str] = arguments) -> Work:
            code = head.format(arguments=words) + MAIN
            return lambda: subprocess.run(
                [sys.executable, "-c", code], cwd=REPOSITORY, env=known, capture_output=True, check=True
            )

        line(
            f"headroom {name}",
            "with every library imported",
            ratio(started(LAZY), started(EAGER)),
            "floor 8x",
        )


def main() -> None:
    print(f"{'what':<44} {'against':<42} {'ours':>12} {'other':>13} {'ratio':>9}")
    with tempfile.TemporaryDirectory() as folder:
        market(Path(folder) / "market")
        intervals()
        manipulation()
        for name, against, ours, other, floor in sellers.rows():
            line(name, against, ratio(ours, other, 3), floor)
        desk = Desk(Path(folder) / "desk")
        notices(desk)
        verification(*desk.signed())
    command_line()
    sellers.whole_week()
    sys.stdout.flush()
    # In a process of its own, whose memory is its own too.
    subprocess.run([sys.executable, "-m", "tests.bench.foresight"], cwd=REPOSITORY, check=True)
    growth.written()
    print(f"median of {REPEATS}, interleaved, {date.today()}, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
