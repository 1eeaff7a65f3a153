"""The kinds of Recorded Acts, as a worked example and the desk write them (`deal-format.md`, Names of Recorded Acts)."""

from __future__ import annotations

RATE_ACTS = ("interpolation", "successor benchmark", "agent determination")
MANIFEST_ERROR = "manifest error"
"""The paper's Manifest Error Override (WP §7.3), as a deal takes it: a print that is plainly wrong is as if not published."""
CLOCK_ACTS = ("notice by the agent", "knowledge of the borrower")

KINDS = {
    "cure accepted": "ends a Cure Period",
    "waiver": "suspends a test or trigger until a date",
    "default ended": "ends an Event of Default",
    "notice of default": "makes an indicated Event of Default effective where it needs notice",
    "vote taken": "makes an indicated Event of Default effective where it needs a vote",
    "act withdrawn": "ends an Act that was entered in error, and names it",
    "trigger ended": "ends a trigger that is in effect",
    "obligation satisfied": "satisfies an Obligation",
    "appraisal delivered": "satisfies the appraisal Obligation of a clause",
    "discharged": "closes every test and trigger of the deal",
    "consent": "records a consent; it decides no state by itself",
    "notice given": "turns a draft notice into a notice",
    "notice by the agent": "starts a cure clock that counts from it",
    "knowledge of the borrower": "starts a cure clock that counts from knowledge",
    "successor benchmark": "sets the Reference Rate by the successor benchmark, from a date",
    "agent determination": "sets the Reference Rate of one date",
    "interpolation": "sets the Reference Rate of one date by interpolation",
    "manifest error": "excludes what was published of an index on its date from use, until the next print",
}
"""Every kind of Recorded Act and what it does."""


DECIDING = frozenset(KINDS) - {"consent", "notice given"}
"""Kinds that decide a state or a rate, so that one effective in the past makes dates be determined again."""


ON_A_CLAUSE = frozenset(KINDS) - {*RATE_ACTS, MANIFEST_ERROR, "discharged", "consent", "notice given", "act withdrawn"}
"""Kinds that name the clause that they are about."""
