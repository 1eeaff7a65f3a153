"""`headroom web`: how the pages are opened, and by whom."""

from __future__ import annotations

from dataclasses import replace

from engine.assembly import clock, machine_clock
from engine.basics.errors import WrongUsage
from engine.cli.output import print_json, say, table
from engine.web.demonstration import demo_clock, open_demonstration
from engine.web.desk import desk_of
from engine.web.rights import ADMINISTRATOR, EVERY_DEAL, Grant
from engine.web.server import serve_pages
from engine.workspace.workspace import Workspace


def serve_desk(workspace: Workspace, demo: bool, port: int | None, as_json: bool) -> None:
    """Serve until stopped; say first how to open it."""
    if port is not None:
        web = workspace.settings.web.model_copy(update={"port": port})
        workspace = replace(workspace, settings=workspace.settings.model_copy(update={"web": web}))
    desk = desk_of(workspace, demo_clock(workspace, machine_clock) if demo else machine_clock)
    if demo:
        demonstration = open_demonstration(desk)
        if as_json:
            print_json(demonstration.as_data())
        else:
            say(
                f"Open {demonstration.address} and sign in as one of these, each with the password "
                f"{demonstration.password}"
            )
            say(
                table(
                    ("sign in as", "who", "sees"),
                    [(person.login, person.name, person.sees) for person in demonstration.people],
                )
            )
            say(
                f"The clock of these pages begins at {desk.clock():%Y-%m-%d %H:%M} UTC, on the morning "
                "after the last run. Ctrl-C stops."
            )
    else:
        address = desk.settings.address or f"http://{desk.settings.host}:{desk.settings.port}"
        if as_json:
            print_json({"address": address, "people": len(desk.accounts.people())})
        else:
            say(f"The pages are at {address}; Ctrl-C stops.")
            if not desk.accounts.people():
                say(
                    "Nobody has an account yet: headroom web --invite a.person@example.com --name 'A. "
                    "Person' --administrator"
                )
    serve_pages(desk)


def invite_somebody(
    workspace: Workspace, login: str, name: str | None, administrator: bool, as_json: bool
) -> None:
    """Print a one-time link for somebody, and the account where it is new."""
    desk = desk_of(workspace, clock)
    now = clock()
    person = desk.accounts.named(login)
    if person is None:
        if name is None:
            raise WrongUsage(f"{login} has no account; say the person's name: --name 'A. Person'")
        person = desk.accounts.add(login, name, now)
    if administrator:
        desk.accounts.grant(person.number, Grant(EVERY_DEAL, ADMINISTRATOR), "the command line", now)
    invitation = desk.accounts.invite(person.number, now)
    address = (desk.settings.address or f"http://{desk.settings.host}:{desk.settings.port}").rstrip("/")
    link = f"{address}/invitation/{invitation.token}"
    if as_json:
        print_json(
            {"login": person.login, "name": person.name, "link": link, "ends": invitation.ends.isoformat()}
        )
    else:
        say(f"{person.name} sets a password at this link, once, by {invitation.ends:%Y-%m-%d %H:%M} UTC:")
        say(link)
