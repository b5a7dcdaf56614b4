#!/usr/bin/env python3
"""Goldens of the EXIF orientation: one small picture stored in each of the eight ways, and Pillow's pixels of it upright.

    python3 scripts/goldens/imaging_orientation.py

writes testdata/imaging/orientation/. Needs Pillow (Debian's python3-pil).
"""
import hashlib
import json
from pathlib import Path

import PIL
from PIL import Image, ImageOps

OUT = Path(__file__).resolve().parents[2] / "testdata/imaging/orientation"
ORIENTATION = 0x0112


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    width, height = 19, 13
    picture = Image.frombytes("RGB", (width, height), bytes(
        v % 256 for y in range(height) for x in range(width) for v in (13 * x, 19 * y, 5 * x + 3 * y)))
    goldens = {}
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x010F] = "a maker of cameras"  # before the orientation
        exif[ORIENTATION] = orientation
        name = f"{orientation}.jpg"
        picture.save(OUT / name, quality=95, subsampling=0, exif=exif.tobytes())
        upright = ImageOps.exif_transpose(Image.open(OUT / name))
        goldens[name] = dict(orientation=orientation, width=upright.width, height=upright.height,
                             sha256=hashlib.sha256(upright.convert("RGB").tobytes()).hexdigest())
    picture.save(OUT / "none.jpg", quality=95, subsampling=0)
    upright = Image.open(OUT / "none.jpg")
    goldens["none.jpg"] = dict(orientation=1, width=width, height=height, sha256=hashlib.sha256(upright.tobytes()).hexdigest())
    text = json.dumps(dict(made_by=f"scripts/goldens/imaging_orientation.py, Pillow {PIL.__version__}", files=goldens), indent=1)
    (OUT / "goldens.json").write_text(text + "\n")


main()
