"""Makes the bundled faces from the published ones.

They hold the text glyphs and the layout that a notice uses, under names of their own. The licence reserves
the name Source, so what is changed is renamed. Run it once for each new release of a face: `python -m
reports.fonts.slim FOLDER`, if FOLDER holds the published TTF files.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FACES = {
    "SourceSansPro-Regular.ttf": ("Headroom Sans", "Regular"),
    "SourceSansPro-Semibold.ttf": ("Headroom Sans", "Semibold"),
    "SourceSerifPro-Regular.ttf": ("Headroom Serif", "Regular"),
    "SourceSerifPro-Semibold.ttf": ("Headroom Serif", "Semibold"),
    "FiraCode-Regular.ttf": ("Headroom Mono", "Regular"),
}
FEATURES = ["kern", "tnum", "lnum", "case", "ccmp", "mark", "zero"]
KEPT_NAMES = (0, 8, 9, 11, 12, 13, 14)
"""Copyright, makers and licence stay as they are (name table, OpenType 1.9)."""


def slim(path: Path, family: str, style: str, wanted: frozenset[int], out: Path) -> None:
    """Write one slim face.

    Args:
        path: the published face.
        family: its new family name.
        style: its style name.
        wanted: the code points to keep.
        out: the folder to write to.
    """
    font = TTFont(path, recalcTimestamp=False)
    options = subset.Options(
        layout_features=FEATURES, hinting=False, notdef_outline=True, glyph_names=False, legacy_kern=False
    )
    options.name_IDs = ["*"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    names = font["name"]
    names.names = [record for record in names.names if record.nameID in KEPT_NAMES]
    file_name = f"{family}-{style}".replace(" ", "")
    for number, text in ((1, family), (2, style), (3, file_name), (4, f"{family} {style}"), (6, file_name)):
        names.setName(text, number, 3, 1, 0x409)
    font.save(out / f"{file_name}.ttf")


def main(folder: Path) -> None:
    """Slim all faces.

    Text faces keep the characters that all of them have, and the monospaced face keeps Latin.
    """
    texts = [frozenset(TTFont(folder / name).getBestCmap()) for name in FACES if not name.startswith("Fira")]
    common = frozenset.intersection(*texts)
    for name, (family, style) in FACES.items():
        wanted = frozenset(c for c in common if c < 0x250) if name.startswith("Fira") else common
        slim(folder / name, family, style, wanted, Path(__file__).parent)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
