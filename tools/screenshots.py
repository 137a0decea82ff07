"""Make the pictures of README and docs from the screenshots that `make test-browser` writes.

`make screenshots` runs it, as ``tools/screenshots.py FROM TO``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

#: For each picture: its screenshot, and the part of that (left, top, right, bottom).
PICTURES = {
    "student": ("student-*-wrong-answer.png", (291, 92, 1241, 424)),
    "explorer": ("student-*-tangent-explorer.png", (291, 92, 1241, 672)),
    "formgrader": ("instructor-*-manual-grading.png", (70, 52, 1210, 850)),
    "feedback": ("instructor-*-feedback-mistake.png", (104, 200, 1176, 684)),
    "report": ("instructor-*-report-answer.png", (200, 24, 1080, 880)),
}
COLOURS = 128
MOST_BYTES = 200_000


def main(arguments: list[str]) -> int:
    """Crop the chosen screenshots and write them as small files; return the exit status."""
    origin, target = map(Path, arguments)
    for name, (pattern, box) in PICTURES.items():
        found = sorted(origin.glob(pattern))
        if len(found) != 1:
            print(f"{pattern}: {len(found)} files in {origin}, not one: run make test-browser")
            return 1
        with Image.open(found[0]) as image:
            picture = image.convert("RGB").crop(box).quantize(COLOURS, dither=Image.Dither.NONE)
        path = target / f"{name}.png"
        picture.save(path, optimize=True)
        if (size := path.stat().st_size) > MOST_BYTES:
            print(f"{path}: {size} bytes, more than {MOST_BYTES}: crop it closer")
            return 1
        print(f"{path}: {picture.width} x {picture.height}, {size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
