"""The parts of `headroom-verify.html` asked in Node: what a browser would say, without one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.notices.trust_policy import Policy
from reports.verifier import PARTS
from tests.conftest import REPOSITORY
from tests.standing_programs import standing

SCRIPT = REPOSITORY / "tests" / "second_verifier" / "browser_parts.mjs"


def toml(policy: Policy) -> str:
    """A policy as its file says it."""
    lists = (
        "log_keys",
        "ended_keys",
        "cosigner_keys",
        "notice_certificates",
        "time_authorities",
        "deals",
        "origins",
    )
    lines = [f"{name} = {json.dumps(list(getattr(policy, name)))}" for name in lists]
    needed = (
        f"cosignatures_needed = {policy.cosignatures_needed}\nsignature_needed = "
        f"{json.dumps(policy.signature_needed)}\n"
    )
    return "\n".join(lines) + f"\n{needed}"


def browser_says(policy: Policy | str, held: Sequence[Path] = (), **asked: Any) -> dict[str, Any]:
    """What the parts answer; `asked` names `notices`, `bundles`, `attachments`, `notes`, `evidence` or
    `seals`.
    """
    question = {
        "policy": policy if isinstance(policy, str) else toml(policy),
        "held": [str(path) for path in held],
        **asked,
    }
    answer: dict[str, Any] = standing(
        "node", str(SCRIPT), str(REPOSITORY / "reports" / "verifier"), *PARTS
    ).ask(question)
    assert "broken" not in answer, answer["broken"]
    return answer
