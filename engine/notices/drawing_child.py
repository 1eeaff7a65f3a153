"""The child process that draws a notice's pages, so that a harmful file can end only this process.

A pattern of 0.05 points kept PDFium drawing one page for more than a minute. No exception can be caught then.
The process is started by its path, imports nothing of the engine, and prints one JSON object: the pages as
they are drawn, or why the file was refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator

MEMORY = 1 << 30
DOTS_PER_INCH = 100


def drawn(data: bytes) -> Iterator[tuple[list[tuple[str, float, float]], list[str]]]:
    """Yield each page of a file that was read within bounds, as it is drawn.

    It is the text of each box with its left and lower edge in points, and the SHA-256 of two pictures: the
    page as it is shown, and as it is printed. Fields and remarks are drawn too.

    Raises PdfiumError if the file cannot be read.
    """
    from pypdfium2 import PdfDocument

    with PdfDocument(data) as document:
        document.init_forms()  # a field may paint over the page, and is not drawn otherwise
        for page in document:
            text = page.get_textpage()
            boxes = [text.get_rect(n) for n in range(text.count_rects())]
            texts = [(text.get_text_bounded(*box), round(box[0], 1), round(box[1], 1)) for box in boxes]
            pictures = [page.render(scale=DOTS_PER_INCH / 72, optimize_mode=mode) for mode in (None, "print")]
            yield texts, [hashlib.sha256(bytes(picture.buffer)).hexdigest() for picture in pictures]


def main(seconds: int) -> None:
    """Print the pages of the file that standard input gives, within a bound of CPU seconds and of memory."""
    import resource  # late: what draws our own files does without it

    from pypdfium2 import PdfiumError

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # A later second bound: at one and the same the process would end as if somebody had killed it.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    # A core file would leave the notice on the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer: dict[str, object] = {"pages": list(drawn(sys.stdin.buffer.read()))}
    except PdfiumError as error:
        answer = {"refused": str(error)}
    except MemoryError:
        os.abort()
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
