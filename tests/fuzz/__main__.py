"""`python -m tests.fuzz READER[,READER] COUNT SECONDS`: each reader until one of the two is reached, in a
process of its own. The seconds are of the processor, so that a busy machine tries as many files.

Prints a line of JSON: how many files were read, how many were refused, and the most memory that the process
held. It names the first file that ended in an exception that is not a refusal, with its seed: `python -m
tests.fuzz READER 1 60 SEED` reads that one again.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
import resource
import sys
import time
import traceback
import warnings
from pathlib import Path

from tests.fuzz.mutations import mutated
from tests.fuzz.readers import REFUSALS, readers

READERS = readers()


def fuzz(name: str, count: int, seconds: float, first: int = 0) -> dict[str, object]:
    """What came of up to `count` files, made from those that the reader takes by the seeds from `first` on."""
    reader = READERS[name]
    began, refused, done = _spent(), 0, 0
    slowest = 0.0
    for done in range(count):
        if _spent() - began > seconds:
            break
        chance = random.Random(f"{name} {first + done}")
        data = mutated(chance.choice(reader.files), chance)
        at = time.monotonic()
        try:
            reader.read(data)
        except REFUSALS:
            refused += 1
        except Exception:
            file = base64.b64encode(data[:4000]).decode()
            return {
                "reader": name,
                "failed": traceback.format_exc(),
                "seed": first + done,
                "file": file,
                "bytes": len(data),
            }
        slowest = max(slowest, time.monotonic() - at)
    else:
        done = count
    most = _peak_megabytes()
    return {
        "reader": name,
        "files": done,
        "refused": refused,
        "megabytes": most,
        "slowest_seconds": round(slowest, 2),
    }


def _spent() -> float:
    """Return seconds of processor time, of this process and of those that it has awaited."""
    return sum(os.times()[:4])


def _peak_megabytes() -> int:
    """The peak of this program's own memory; `ru_maxrss` would count what started it as well."""
    status = Path("/proc/self/status")
    if status.is_file():
        return (
            int(re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"), re.MULTILINE)[1]) // 1024
        )  # type: ignore[index]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    most, limit = int(sys.argv[2]), float(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    failed = False
    for wanted in sys.argv[1].split(","):
        found = fuzz(wanted, most, limit, seed)
        failed |= "failed" in found
        sys.stdout.write(json.dumps(found) + "\n")
    sys.exit(failed)
