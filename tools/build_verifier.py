"""Build `headroom-verify`, a wheel with the verifier alone: no database, no renderer, seven libraries.

The wheel holds the modules that the verifier's command imports, found by reading their imports, and the data
that they open. The same commit makes the same bytes.

    .venv/bin/python tools/build_verifier.py build/verifier
"""

from __future__ import annotations

import ast
import base64
import hashlib
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "engine.verifier.verifier_command"
ROOTS = (COMMAND, "engine.verifier.__main__")
OWN = ("engine", "covenants", "reports", "deals")
NEEDS = ("cryptography", "jinja2", "numpy", "pydantic", "pypdfium2", "pyyaml", "rfc8785")
"""The libraries that verifying takes, each among the product's own."""
MODULES = {"yaml": "pyyaml", "markupsafe": "jinja2", "pydantic_core": "pydantic"}
"""Modules whose library has another name, or which a library named above brings."""
NEVER_CALLED = ("asn1crypto", "fontTools", "pyhanko", "pyhanko_certvalidator")
"""What signing and drawing a notice import late; verifying a notice never does."""
CALLED = ("covenants", "reports.notice.evidence_view")
"""What the functions of the composition root import that the command calls."""
WITHOUT_LATE = ("engine.assembly",)
"""The composition root: most of its functions bring together what no verifier needs."""
DATA = ("reports/templates/*.j2", "reports/fonts/covered.txt", "deals/calendars/*.csv")
STAMP = (1980, 1, 1, 0, 0, 0)
ABOUT = "Verify notices, bundles and exported logs of Headroom offline, by what you trust."


def main(into: Path) -> Path:
    """Write the wheel into a folder, and return its path."""
    version = _version()
    files = {name: (ROOT / name).read_bytes() for name in sorted({*_modules(), *_data()})}
    about = f"headroom_verify-{version}.dist-info"
    files[f"{about}/METADATA"] = _metadata(version).encode()
    files[f"{about}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: headroom\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    files[f"{about}/entry_points.txt"] = f"[console_scripts]\nheadroom-verify = {COMMAND}:main\n".encode()
    files[f"{about}/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    files[f"{about}/RECORD"] = _record(files, f"{about}/RECORD").encode()
    into.mkdir(parents=True, exist_ok=True)
    wheel = into / f"headroom_verify-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name, STAMP)
            member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(member, data)
    return wheel


def closure() -> tuple[frozenset[str], frozenset[str]]:
    """Return the modules of ours that the command imports, late ones too, and the libraries of them."""
    covenants = (f"covenants.{path.stem}" for path in (ROOT / "covenants").glob("*.py"))
    waiting, seen, libraries = [*ROOTS, *CALLED, *covenants], set[str](), set[str]()
    while waiting:
        name = waiting.pop()
        path = _path(name)
        if path is None or name in seen:
            continue
        seen.add(name)
        waiting += [".".join(name.split(".")[:n]) for n in range(1, name.count(".") + 1)]
        for imported in _imports(path, late=name not in WITHOUT_LATE):
            top = imported.split(".")[0]
            if top in OWN:
                waiting.append(imported if _path(imported) else imported.rpartition(".")[0])
            elif top not in sys.stdlib_module_names:
                libraries.add(top)
    return frozenset(seen), frozenset(libraries)


def _imports(path: Path, late: bool) -> Iterator[str]:
    """Yield what a module imports, but for types alone."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.FunctionDef) and not late:
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        waiting += ast.iter_child_nodes(node)


def _path(name: str) -> Path | None:
    place = ROOT.joinpath(*name.split("."))
    found = (place / "__init__.py", place.with_suffix(".py"))
    return next((path for path in found if path.is_file()), None)


def _modules() -> Iterator[str]:
    for name in closure()[0]:
        path = _path(name)
        if path is not None:
            yield str(path.relative_to(ROOT))


def _data() -> Iterator[str]:
    for pattern in DATA:
        yield from (str(path.relative_to(ROOT)) for path in ROOT.glob(pattern))


def _version() -> str:
    text = (ROOT / "engine" / "__init__.py").read_text(encoding="utf-8")
    return re.findall(r'__version__ = "([^"]+)"', text)[0]


def _metadata(version: str) -> str:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {re.split(r"[\[<>=]", one)[0]: one for one in asked["dependencies"]}
    lines = [
        "Metadata-Version: 2.4",
        "Name: headroom-verify",
        f"Version: {version}",
        f"Summary: {ABOUT}",
        f"Requires-Python: {asked['requires-python']}",
        f"License-Expression: {asked['license']}",
        "License-File: LICENSE",
        *(f"Requires-Dist: {named[name]}" for name in NEEDS),
    ]
    return "\n".join(lines) + "\n"


def _record(files: Mapping[str, bytes], own: str) -> str:
    lines = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(data)}")
    return "\n".join([*lines, f"{own},,"]) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("build_verifier: name the folder that the wheel is written into")
    sys.stdout.write(f"{main(Path(sys.argv[1]))}\n")
