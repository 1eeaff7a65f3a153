"""Install the system packages that Headroom needs, or stop at once with the one command that installs them.

`make` runs this before anything else, with the system's own Python: it uses the standard library alone. As
root, or with HEADROOM_INSTALL=1 and sudo, it installs what is missing and says so. Otherwise it changes
nothing.

    python3 tools/preflight.py            what `make demo` and `make test` need
    python3 tools/preflight.py browser    the same, and Chromium for `make test-web`
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
"""What WeasyPrint loads, and the Debian and Ubuntu package that has it."""
BROWSER_LIBRARIES = {"libatomic.so.1": "libatomic1"}
"""What the driver of the browser tests loads."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The names under which Chromium is installed."""
OLDEST = (3, 11)
"""The oldest Python that runs Headroom."""


def missing(browser: bool = False) -> list[str]:
    """Return the packages that this machine lacks."""
    libraries = LIBRARIES | BROWSER_LIBRARIES if browser else LIBRARIES
    lacking = [package for library, package in libraries.items() if not _loads(library)]
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        lacking.append("python{}.{}-venv".format(*sys.version_info))
    if browser and not any(shutil.which(name) for name in BROWSERS):
        lacking.append("chromium")
    return lacking


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def commands(packages: Sequence[str], prefix: Sequence[str]) -> list[list[str]]:
    """Return the two commands that install packages; `prefix` is sudo or nothing."""
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    return [[*prefix, "apt-get", "update", "-q"], [*prefix, *install]]


def one_line(packages: Sequence[str], root: bool) -> str:
    """Return the one command for a person's terminal."""
    both = " && ".join(shlex.join(command) for command in commands(packages, ()))
    return both if root else f"sudo sh -c {shlex.quote(both)}"


def provide(
    look: Callable[[], list[str]],
    run: Callable[[Sequence[str]], int],
    root: bool,
    environment: Mapping[str, str],
    which: Callable[[str], str | None],
) -> str | None:
    """Return why the set-up has to stop, or None if this machine has all that is needed.

    Args:
        look: the packages that the machine lacks.
        run: runs one command; its exit code.
        root: whether this process is root.
        environment: HEADROOM_INSTALL=1 in it permits sudo.
        which: the path of a command, as `shutil.which` finds it.
    """
    packages = look()
    if not packages:
        return None
    names = " ".join(packages)
    if which("apt-get") is None:
        return (
            f"This machine lacks {names} (the names are Debian's). Install what corresponds to them, then "
            "try again."
        )
    sudo = environment.get("HEADROOM_INSTALL") == "1" and which("sudo") is not None
    if not root and not sudo:
        return (
            f"This machine lacks {names}. Install it with this command, then try again:\n  "
            f"{one_line(packages, root)}"
        )
    steps = commands(packages, () if root else ("sudo", "env", "DEBIAN_FRONTEND=noninteractive"))
    print(
        f"This machine lacks {names}. Installing it with:\n  {' && '.join(map(shlex.join, steps))}",
        flush=True,
    )
    if any(run(step) != 0 for step in steps):
        return f"The installation failed. Try it yourself:\n  {one_line(packages, root)}"
    still = look()
    return f"The installation ended, but this machine still lacks {' '.join(still)}." if still else None


def _run(command: Sequence[str]) -> int:
    """Return the exit code of one command that asks no questions."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, check=False, env=quiet).returncode


def main(arguments: Sequence[str]) -> str | None:
    """Return why the set-up has to stop, or None."""
    if sys.version_info < OLDEST:
        ours, wanted = ("{}.{}".format(*version) for version in (sys.version_info, OLDEST))
        return (
            f"Headroom needs Python {wanted} or newer; this is {ours}. Name another: make "
            f"PYTHON=python{wanted} demo"
        )

    def look() -> list[str]:
        return missing("browser" in arguments)

    return provide(look, _run, os.geteuid() == 0, os.environ, shutil.which)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
