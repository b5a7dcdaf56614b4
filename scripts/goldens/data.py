"""Goldens of package data: a small image folder, and what torchvision, Pillow and torch make of it.

Run from the repository root: /usr/bin/python3 scripts/goldens/data.py
Written with torch 1.13.1, torchvision 0.14.1 and Pillow 9.4.0 of Debian 12.

testdata/data/folder/        images of two sizes and formats in an awkward layout
testdata/data/folder.json    classes, files and labels in torchvision's order
testdata/data/*.u8           batches as bytes, (N,C,H,W)
testdata/data/dn-*.f32       batches as little-endian float32, (N,C,H,W)
testdata/data/deblur*.f32    the same of the Gaussian blur
testdata/data/noise.json     seeds of the training noise, and the first draws of torch.randn for each
"""

import hashlib
import io
import json
import pathlib
import shutil
import struct

import numpy
import torch
from PIL import Image
from scipy import ndimage
from torchvision import datasets, transforms

OUT = pathlib.Path("testdata/data")
FOLDER = OUT / "folder"
FILES = {  # name: (width, height); upper case sorts first, "-" before "/"
    "beta/2.jpg": (52, 40),
    "beta/10.JPG": (40, 52),
    "beta/deep/er/1.png": (48, 37),
    "beta-two/x.jpeg": (40, 40),
    "beta-two/deep-er/a.PNG": (33, 61),
    "beta-two/deep/b.png": (64, 33),
    "beta-two/deep/z/c.jpg": (33, 34),
    "Alpha/only.jpg": (45, 45),
}


def picture(random, width, height):
    """Smooth colours with sharp-edged boxes: both survive differently in every degradation."""
    coarse = random.integers(0, 256, (4, 4, 3), dtype=numpy.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.BICUBIC)
    for _ in range(4):
        x, y = int(random.integers(0, width - 8)), int(random.integers(0, height - 8))
        box = (x, y, x + int(random.integers(3, 20)), y + int(random.integers(3, 20)))
        image.paste(tuple(int(v) for v in random.integers(0, 256, 3)), box)
    return image


def write_folder():
    shutil.rmtree(FOLDER, ignore_errors=True)
    random = numpy.random.default_rng(1)
    for name, (width, height) in FILES.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = picture(random, width, height)
        image.save(path, "JPEG" if path.suffix.lower() != ".png" else "PNG", quality=90)
    (FOLDER / "beta" / "notes.txt").write_text("not an image, and not counted\n")


def save(name, pictures):
    """Pictures as bytes, (N,C,H,W)."""
    batch = numpy.stack([numpy.asarray(p).transpose(2, 0, 1) for p in pictures])
    (OUT / name).write_bytes(batch.astype(numpy.uint8).tobytes())


def shrink(image, scale):
    return image.resize((image.width // scale, image.height // scale), Image.BICUBIC)


def compress(image, quality):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def blur(image, sigma):
    """scipy's Gaussian of each channel in double precision, rounded to float32."""
    y = numpy.asarray(image).transpose(2, 0, 1) / 255.0
    return numpy.stack([ndimage.gaussian_filter(channel, sigma) for channel in y]).astype("<f4")


def add_noise(image, sigma, seed):
    y = transforms.functional.to_tensor(image)
    noise = torch.randn(y.shape, generator=torch.Generator().manual_seed(seed))
    return (y + sigma * noise).clamp(0, 1)


def noise_seed(seed, epoch, index):
    """The seed that package data documents for the training noise of one image."""
    message = b"transfera/data/noise\x00" + struct.pack("<QQQ", seed, epoch, index)
    return struct.unpack("<Q", hashlib.sha256(message).digest()[:8])[0]


def main():
    write_folder()
    folder = datasets.ImageFolder(str(FOLDER))
    listing = {
        "classes": folder.classes,
        "files": [pathlib.Path(path).relative_to(FOLDER).as_posix() for path, _ in folder.samples],
        "labels": [label for _, label in folder.samples],
    }
    (OUT / "folder.json").write_text(json.dumps(listing, indent=1) + "\n")

    prepare = transforms.Compose([transforms.Resize(32), transforms.CenterCrop(24)])
    targets = [prepare(folder[i][0]) for i in range(len(folder))]
    save("target.u8", targets)
    for scale in (2, 4):
        small = [shrink(target, scale) for target in targets]
        save(f"sr{scale}-input.u8", small)
        save(f"sr{scale}-baseline.u8", [s.resize((24, 24), Image.BICUBIC) for s in small])
    save("jpeg10-input.u8", [compress(target, 10) for target in targets])
    noisy = torch.stack([add_noise(target, 0.25, i) for i, target in enumerate(targets)])
    (OUT / "dn-input.f32").write_bytes(noisy.numpy().astype("<f4").tobytes())
    for sigma in (1.6, 9.0):  # the latter reaches further than the picture
        blurred = numpy.stack([blur(target, sigma) for target in targets])
        (OUT / f"deblur{sigma:g}-input.f32").write_bytes(blurred.tobytes())

    cases = []
    for seed, epoch, index in [(0, 0, 0), (7, 3, 2), (2**63, 1, 1_281_166)]:
        derived = noise_seed(seed, epoch, index)
        draws = torch.randn((3, 24, 24), generator=torch.Generator().manual_seed(derived)).flatten()[:8]
        cases.append({"seed": str(seed), "epoch": epoch, "index": index, "derived": str(derived), "draws": draws.tolist()})
    (OUT / "noise.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
