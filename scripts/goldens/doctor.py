#!/usr/bin/env python3
"""Prints what runner/doctor compares libjpeg-turbo with: checksums of Pillow's file and pixels.

    python3 scripts/goldens/doctor.py      (python3-pil, python3-numpy; Pillow 9.4)
"""
import hashlib
import io

import numpy as np
from PIL import Image

y, x = np.mgrid[0:48, 0:64]
picture = np.stack([4 * x % 256, 5 * y % 256, x * y % 256], -1).astype(np.uint8)
file = io.BytesIO()
Image.fromarray(picture).save(file, "JPEG", quality=10)
print("pillowFile  ", hashlib.sha256(file.getvalue()).hexdigest())
pixels = np.array(Image.open(io.BytesIO(file.getvalue())))
print("pillowPixels", hashlib.sha256(pixels.tobytes()).hexdigest())
