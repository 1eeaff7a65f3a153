"""The settings of how a workspace sends what it owes: `[mail]`, `[people.NAME]`, `[folder]`.

They name the relay, who may release a notice, and who fetches files.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field

from engine.basics.errors import WrongUsage
from engine.basics.regular_files import text_in
from engine.basics.values import Fact


class MailSettings(Fact):
    """A mail relay, or a maildir of this machine in its place.

    Attributes:
        host: the relay; None if messages go into `maildir`.
        port: the port of the relay.
        security: how the connection is protected.
        cafile: certificates that the relay is checked against, besides those of the machine.
        user: the account; its password is never in this file.
        password_env: the environment variable that holds the password.
        password_file: the file that holds the password.
        sender: the address that messages come from.
        name: the name beside that address.
        bounces: the address that undeliverable messages go to; the notice is named in it.
        returned: the maildir in which those are found.
        maildir: a maildir that takes messages in place of a relay.
        link: the address of the workspace's pages.
        remind_days: how many days before something is due its reminders go.
        digest_to: the addresses to which the digest of each Determination Date goes.
    """

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    cafile: str | None = None
    user: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    sender: str = Field(pattern=r"^[^@\s,]+@[^@\s,]+$")
    name: str = ""
    bounces: str = Field(pattern=r"^[^@\s,+]+@[^@\s,]+$")
    returned: str | None = None
    maildir: str | None = None
    link: str | None = None
    timeout_seconds: float = Field(default=60.0, gt=0)
    remind_days: tuple[int, ...] = (5, 1)
    digest_to: tuple[str, ...] = ()


class Person(Fact):
    """A person who acts for parties, given by their roles; in all deals, unless some are named."""

    acts_for: tuple[str, ...]
    deals: tuple[str, ...] = ()

    def may_release(self, deal: str, given_by: str) -> bool:
        """Return whether the person acts for the giver of a notice of a deal."""
        return given_by in self.acts_for and (not self.deals or deal in self.deals)


class FolderSettings(Fact):
    """A folder for pick-up by SFTP, and the parties who fetch their notices there."""

    path: str
    parties: tuple[str, ...] = Field(min_length=1)


def password_of(mail: MailSettings, root: Path) -> str | None:
    """Return the relay's password, from the environment or from its file; None without an account.

    Raises WrongUsage if the password is not there.
    """
    if mail.user is None:
        return None
    if mail.password_env is not None:
        password = os.environ.get(mail.password_env)
        if not password:
            raise WrongUsage(
                f"the environment variable {mail.password_env} does not hold the relay's password"
            )
        return password
    if mail.password_file is None:
        raise WrongUsage("[mail] names a user; say where the password is: password_env or password_file")
    path = root / mail.password_file
    if not path.is_file():
        raise WrongUsage(f"{path} does not hold the relay's password")
    return text_in(path).strip()
