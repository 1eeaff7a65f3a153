"""The folder a user works in: `headroom.toml`, deals, snapshots, reports, notices and one SQLite file.

Nothing else on the machine is touched.
"""

from __future__ import annotations

import fcntl
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pydantic import Field, ValidationError, field_validator

from engine.basics.errors import (
    HeadroomError,
    InputProblems,
    Place,
    Problem,
    VerificationFailed,
    WrongUsage,
)
from engine.basics.files import NoToml, is_litter, read_toml, write_only_beside
from engine.basics.received_files import has_content, names_not_downloaded, not_synced, refuse_not_synced
from engine.basics.values import Fact
from engine.market.archive import Archive
from engine.market.index_definitions import KNOWN, IndexDefinition
from engine.market.series_map import SeriesMap
from engine.terms.sender_layout import SenderLayout
from engine.workspace.delivery_settings import FolderSettings, MailSettings, Person
from engine.workspace.last_use import UseClock, lock_file
from engine.workspace.time_settings import TimeAuthoritySettings
from engine.workspace.web_settings import WebSettings

if TYPE_CHECKING:
    from engine.record.store import Store

SETTINGS = "headroom.toml"
LOCK = "headroom.lock"
"""The file that whoever records in a workspace locks, whatever database its record is in.

It holds the moment of the last use.
"""
LOOK = 0.1
"""The seconds between two looks at whether a workspace is free."""
PUT_BACK = "put the whole record back (`headroom db restore`), then `headroom verify`"
COPY = re.compile(r"(?: ?\(| - |\.sync-conflict).*")
"""What programs put behind a file's name to name a copy of it: ` (1)`, ` (conflicted copy)`, ` - Copy`."""
DEAL_ENDINGS = (".yaml", ".yml")
"""The endings of deal files, in lower or upper case."""
FOLDERS = ("deals", "snapshots", "reports", "notices")
KEPT = "cache"
"""The folder of caches: all of it follows from the record, and it may be deleted at any time."""

PLACEHOLDER = "Calculation Agent (name it here)"
"""The operator's name in a new workspace until a person writes it.

Nothing is recorded or signed under it.
"""

STARTER = """\
# The settings of this Headroom workspace.
operator = OPERATOR   # printed with every computed value
# database = "postgresql://writer@host/headroom"  \
# a SQLite file in this folder unless given; see `headroom db --help`

[collect]
base_url = ""            # the marketplace's address; empty: collection is off
limit = 1000             # offers asked for per model; a list as long as this is asked for again with more
timeout_seconds = 20

# Automated collection needs a right. State it, or import snapshots that you may use.
# [collection_right]
# document = "Data licence of 1 January 2026"
# date = "2026-01-01"
# holder = "Calculation Agent"

# An administrator's series of a form that is not known: which of its columns says what.
# [series.CRI-H100]
# cadence = "daily"           # or weekly
# zone = "America/Chicago"
# final_after_days = 0        # whole days after a value's own day until it is final
# unit = "USD per GPU-hour"
# calendar = "every weekday"
# licence = "written permission of 1 July 2026"
# aliases = ["H100-SXM-US"]   # other names that the file has for the index
# [series.CRI-H100.columns]
# publication_date = "date"
# value = "price"

# Further indices: any GPU model and any countries that the snapshots hold.
# [[index]]
# name = "CRI-H100-EU"
# gpu_name = "H100 SXM"
# country = ["AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE",
#   "IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE"]

# An authority that stamps the time of notices and of signed checkpoints (RFC 3161).
# [time_authority]
# url = "https://tsa.example.com/"
# certificate_sha256 = "64 hexadecimal digits"   # of its certificate, or of the one that certifies it
# patience_seconds = 10       # how long a stamp is waited for
# checkpoint_seconds = 60     # how long a run asks for the stamps of its checkpoints in all

# A sender's own workbook or tape; `headroom intake` reads files of these names by it.
# [intake.example]
# files = ["example-*.xlsx"]
# deal = "example-2026-1"
# sheet = "Summary"
# cells = { "period.from" = "B1", "period.to" = "B2", "outstanding_principal.class_a" = "B7" }
# factors = { "outstanding_principal.class_a" = 1000 }
"""


class CollectionRight(Fact):
    """The right under which snapshots are collected, as the operator states it."""

    document: str = Field(min_length=1)
    date: str = Field(min_length=1)
    holder: str = Field(min_length=1)


class Collect(Fact):
    """The settings of how the marketplace is asked: the block `[collect]`."""

    base_url: str = ""
    limit: int = Field(default=1000, ge=1, le=1_000_000)
    timeout_seconds: float = Field(default=20.0, gt=0, le=3600, allow_inf_nan=False)
    models: tuple[str, ...] = ("H100 SXM", "H200", "L40S", "A100 PCIE", "Tesla V100", "RTX 4090")


class Settings(Fact):
    """The settings of a workspace, as `headroom.toml` states them."""

    operator: str = Field(default="the calculation agent", pattern=r"\S")
    database: str = "headroom.sqlite"
    collect: Collect = Collect()
    collection_right: CollectionRight | None = None
    index: tuple[IndexDefinition, ...] = ()
    intake: Mapping[str, SenderLayout] = {}
    """How each sender's own files are read, by a name for the layout."""
    series: dict[str, SeriesMap] = Field(default_factory=dict)
    """How an administrator's files of an index are read, if no shipped map fits."""
    mail: MailSettings | None = None
    people: Mapping[str, Person] = {}
    """Who acts for which party, by name. Only they can release a notice."""
    folder: FolderSettings | None = None
    web: WebSettings = WebSettings()
    time_authority: TimeAuthoritySettings | None = None

    @field_validator("index")
    @classmethod
    def _each_once(cls, said: tuple[IndexDefinition, ...]) -> tuple[IndexDefinition, ...]:
        # The logs of two names that differ in case alone would share a file where the system folds case.
        names, shipped = [index.name.casefold() for index in said], {name.casefold() for name in KNOWN}
        for index, name in zip(said, names, strict=True):
            if names.count(name) > 1:
                raise ValueError(f"two indices are called `{index.name}`; rename or remove one of them")
            # A deal that names a shipped index would silently read another market.
            if name in shipped:
                raise ValueError(f"`{index.name}` is an index that ships; give yours another name")
        return said


@dataclass(frozen=True)
class Workspace:
    """An opened workspace."""

    root: Path
    settings: Settings
    to_inspect: bool = False
    """Whether it was opened to be verified.

    Then the record is only read, and a missing record is not made.
    """
    clock: UseClock | None = None
    """By which a leap ahead since the last command is refused; without one, none is."""

    @cached_property
    def store(self) -> Store:
        """The log.

        Raises:
            VerificationFailed: files beside it show that it is missing or lacks a log; none is made.
            Unavailable: a sync program keeps only the place of it or of a checkpoint.
        """
        from engine.record.store import Store  # late: `check` in a workspace opens no record

        database = self.settings.database
        place = database if "://" in database else self.root / database
        self._refuse_not_downloaded(place)
        if self.to_inspect:
            return Store.inspect(place)
        beside = self._logs_beside()
        # An empty file counts as missing: to open it would begin a new record beside the old notices.
        if beside and isinstance(place, Path) and not has_content(place):
            kept = ", ".join(sorted(set(beside.values()))[:3])
            raise VerificationFailed(
                f"the record is missing: nothing is at {database}, and {kept} lie here; nothing was made: "
                f"{PUT_BACK}"
            )
        store = Store.open(place)
        try:
            self.refuse_lacking(store.logs())
        except VerificationFailed:
            store.close()
            raise
        return store

    def _refuse_not_downloaded(self, database: str | Path) -> None:
        """Refuse to open a record of which a part is elsewhere. Raises Unavailable."""
        # No person downloads a record or a checkpoint, so a leftover of a download shows neither.
        folder = self.root / "checkpoints"
        parts = [folder / name for name in names_not_downloaded(folder, not_synced)]
        if isinstance(database, Path) and database.name in names_not_downloaded(database.parent, not_synced):
            parts.append(database)
        refuse_not_synced(parts)

    def refuse_lacking(self, logs: Iterable[str]) -> None:
        """Refuse a record whose `logs` lack one that files beside it were made from.

        Raises VerificationFailed.
        """
        beside = self._logs_beside()
        there = {in_a_file_name(log) for log in logs}
        missing = sorted(beside.keys() - there)
        for name in missing:
            # Which of the two is newer must be seen by a person: the copy may be another machine's.
            if known := copied_log(name, there):
                raise VerificationFailed(
                    f"{beside[name]} lies here as a second copy of {known}, as sync programs make one if two "
                    "machines write; nothing was recorded: compare the two, keep the one over more entries "
                    "under its own name, move the other away, then `headroom verify`"
                )
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            what = "the record has no such log, so it is an older copy or another's"
            raise VerificationFailed(
                f"{beside[missing[0]]}{more} lie here, and {what}; nothing was recorded: {PUT_BACK}"
            )

    def _logs_beside(self) -> dict[str, str]:
        """Return the logs that files beside the record were made from, as file names spell them.

        Each has the place of such a file.
        """
        # An empty folder does not show that a notice was ever issued.
        notices = [
            path
            for path in _listed(self.root / "notices")
            if path.is_dir() and any(not is_litter(one.name) for one in path.iterdir())
        ]
        signed = [
            path
            for path in _listed(self.root / "checkpoints")
            if path.suffix == ".checkpoint" and not is_litter(path.name)
        ]
        return {in_a_file_name(f"deal/{path.name}"): f"notices/{path.name}" for path in notices} | {
            path.stem: f"checkpoints/{path.name}" for path in signed
        }

    @cached_property
    def archive(self) -> Archive:
        """The archive of snapshots."""
        return Archive(self.root / "snapshots")

    @property
    def indices(self) -> dict[str, IndexDefinition]:
        """The indices that this workspace defines besides those that ship."""
        return {index.name: index for index in self.settings.index}

    def inside(self, *parts: str) -> Path:
        """Return a file of the workspace by the parts of its path.

        Raises ValueError if the parts lead outside the workspace. Names are checked where they are read.
        """
        below = Path(*parts)
        if below.is_absolute() or ".." in below.parts:
            raise ValueError(f"{below} lies outside the workspace")
        return self.root / below

    @contextmanager
    def alone(self, patience: float | None = None, told: Callable[[], None] | None = None) -> Iterator[None]:
        """Keep others from recording in this workspace until the block ends; they wait.

        One process must not take it twice. The clock is read inside the block. So what was recorded meanwhile
        is not later than what rests on it. Where the workspace has a clock, this use is noted by it.

        Args:
            patience: seconds to wait for another to be done; without end unless given.
            told: called once if there is something to wait for.

        Raises:
            Busy: another was not done in time.
            Unavailable: the clock leapt ahead since the last use, or lost its day.
        """
        # The system frees the lock of a process that dies, so a killed run keeps nobody out.
        with lock_file(self.root / LOCK) as file:
            if not _held(file):
                if told is not None:
                    told()
                _wait(file, self.root, patience)
            if self.clock is not None:
                self.clock.use(file)
            yield

    def refuse_leap(self) -> None:
        """Refuse a clock that stands weeks after the last use of the workspace. Raises Unavailable."""
        if self.clock is not None:
            self.clock.refuse_leap(self.root / LOCK)

    def hold_events(self) -> None:
        """Keep the events that are read in memory, within bounds.

        It serves a process that reads the same logs again and again.
        """
        from engine.record.events_in_hand import EventsInHand

        self.store.in_hand = EventsInHand().events

    def sweep(self) -> int:
        """Remove what an interrupted write left behind, and return how much; call it only while `alone`."""
        left = [
            path
            for name in (*FOLDERS, "keys", "documents", "checkpoints", KEPT)
            for path in (self.root / name).rglob(".partial-*")
        ]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def deal_files(self) -> tuple[Path, ...]:
        """Return the deal files, sorted by name, without what systems and programs leave beside them."""
        return tuple(
            path
            for path in _listed(self.root / "deals")
            if path.suffix.lower() in DEAL_ENDINGS and not is_litter(path.name)
        )

    def deal_files_not_downloaded(self) -> tuple[str, ...]:
        """Return the names of deal files of which only the place or a part is on this machine, sorted."""
        names = names_not_downloaded(self.root / "deals")
        return tuple(name for name in names if name.lower().endswith(DEAL_ENDINGS))


def in_a_file_name(log: str) -> str:
    """Return a log's name in the form that file names have."""
    return log.replace("/", "_")


def copied_log(name: str, there: Iterable[str]) -> str | None:
    """Return the log of which a file of this name is a second copy, as file names spell it; None without one.

    The longest log counts, because the name of one may begin with another's.
    """
    longest_first = sorted(there, key=len, reverse=True)
    return next(
        (log for log in longest_first if name.startswith(log) and COPY.fullmatch(name[len(log) :])), None
    )


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


class Busy(HeadroomError):
    """Raised if another process is still recording in the workspace after a wait."""


def _held(file: IO[bytes]) -> bool:
    """Return whether the lock is ours now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(file: IO[bytes], root: Path, patience: float | None) -> None:
    if patience is None:
        fcntl.flock(file, fcntl.LOCK_EX)
        return
    # Not the wall clock, which may be set during the wait.
    end = time.monotonic() + patience
    while not _held(file):
        if time.monotonic() >= end:
            raise Busy(
                f"another command has been recording in {root} for {patience:.0f} seconds (it holds {LOCK}); "
                "nothing was recorded: enter this again when it is done"
            )
        time.sleep(LOOK)


def create(root: Path, operator: str | None = None) -> tuple[str, ...]:
    """Make a workspace in `root`, keeping whatever is there; return what was made.

    Args:
        root: the folder; made if it does not exist.
        operator: who computes the index. Unless given, a placeholder that `run` refuses stands in the
            settings.

    Raises:
        WrongUsage: the operator's name cannot be printed, or the settings exist already and give another
            name.
    """
    made: list[str] = []
    # Before anything is made, so that a refused name leaves nothing behind.
    if operator is not None:
        _nameable(root, operator)
    for name in FOLDERS:
        if not (root / name).is_dir():
            (root / name).mkdir(parents=True)
            made.append(f"{name}/")
    if not (root / SETTINGS).exists():
        # A JSON string is a TOML string too, whatever quotes or backslashes the name has.
        quoted = json.dumps(operator or PLACEHOLDER, ensure_ascii=False)
        (root / SETTINGS).write_text(STARTER.replace("OPERATOR", quoted, 1), encoding="utf-8")
        made.append(SETTINGS)
    return tuple(made)


def _nameable(root: Path, operator: str) -> None:
    """Refuse an operator's name that cannot be printed, or that differs from the settings."""
    if not operator.strip() or not operator.isprintable():
        raise WrongUsage(
            f"{operator!r} cannot name the operator; give one line of text, like --operator 'Example "
            "Calculation Agent'"
        )
    if (root / SETTINGS).is_file() and opened(root).settings.operator != operator:
        raise WrongUsage(
            f"{root / SETTINGS} is there already; write `operator = "
            f"{json.dumps(operator, ensure_ascii=False)}` into it"
        )


def refuse_unnamed(workspace: Workspace) -> None:
    """Refuse to record or sign anything before the operator is named.

    Notices and the log's origin carry the name for good. Raises WrongUsage.
    """
    if workspace.settings.operator == PLACEHOLDER:
        path = workspace.root / SETTINGS
        why = "every notice and the origin of every signed log would carry it for good"
        raise WrongUsage(
            f'the operator is still "{PLACEHOLDER}", and {why}; name the operator in {path}: operator = '
            '"NAME"'
        )


def opened(root: Path, *, to_inspect: bool = False, clock: UseClock | None = None) -> Workspace:
    """Return the workspace in `root`. With `to_inspect` nothing in it is made or changed.

    By the `clock` a leap ahead since the last use is refused.

    Raises:
        WrongUsage: it is missing.
        InputProblems: its settings cannot be read.
    """
    path = root / SETTINGS
    if not path.is_file():
        raise WrongUsage(
            f"{root} is not a workspace: it has no {SETTINGS}. Make one with `headroom init {root}`"
        )
    try:
        settings = Settings.model_validate(read_toml(path))
    except NoToml as error:
        raise InputProblems(
            [Problem("S101", "not readable as TOML", str(error), "correct the file", Place(str(path)))]
        ) from None
    except ValidationError as error:
        raise InputProblems(_problem(detail, path) for detail in error.errors()) from None
    write_only_beside(path)
    for name in () if to_inspect else FOLDERS:
        (root / name).mkdir(exist_ok=True)
    return Workspace(root, settings, to_inspect, clock)


def _problem(detail: Any, path: Path) -> Problem:
    where = ".".join(str(step) for step in detail["loc"])
    what = f"`{where}`: {detail['msg']}"
    return Problem(
        "S102",
        what,
        "a setting that is not understood does nothing",
        "correct or remove it",
        Place(str(path)),
    )
