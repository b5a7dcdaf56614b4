"""Goldens of data/imaging on photographs: only checksums, no picture is copied.

Run from the repository root, with the sample archive (see the README of the
development data) at its place beside the repository or given as argument:
/usr/bin/python3 scripts/goldens/imaging_imagenet.py [imagenet-samples.tar]
Writes testdata/imaging/imagenet.json: the SHA-256 of Pillow's and torchvision's
pixels along the path that validation images take.
"""

import hashlib
import io
import json
import pathlib
import sys
import tarfile

import PIL
import torchvision
from PIL import Image
from torchvision.transforms import functional as F

FILES = {  # member of the archive: why it was chosen
    "imagenet-samples/n01440764/n01440764_tench.JPEG": "4:4:4",
    "imagenet-samples/n03345487/n03345487_fire_engine.JPEG": "4:2:0, sides that no block fills",
    "imagenet-samples/n04487394/n04487394_trombone.JPEG": "4:2:2",
    "imagenet-samples/n02692877/n02692877_airship.JPEG": "grey, shorter side below 224",
    "imagenet-samples/n03908714/n03908714_pencil_sharpener.JPEG": "grey, upright",
    "imagenet-samples/n02356798/n02356798_fox_squirrel.JPEG": "4:2:0, 86x108: enlarged",
}


def sha(image):
    return hashlib.sha256(image.tobytes()).hexdigest()


def stages(data):
    decoded = Image.open(io.BytesIO(data)).convert("RGB")
    shorter = F.resize(decoded, 256)
    crop = F.center_crop(shorter, 224)
    low = crop.resize((56, 56), Image.BICUBIC)
    saved = io.BytesIO()
    crop.info = {}  # else Pillow copies the comment of the original into the file
    crop.save(saved, "JPEG", quality=10)
    reloaded = Image.open(io.BytesIO(saved.getvalue())).convert("RGB")
    return dict(
        width=decoded.width, height=decoded.height, decode=sha(decoded), resize_shorter_256=sha(shorter),
        center_crop_224=sha(crop), bicubic_56=sha(low), bicubic_back_224=sha(low.resize((224, 224), Image.BICUBIC)),
        jpeg_q10_file=hashlib.sha256(saved.getvalue()).hexdigest(), jpeg_q10_reload=sha(reloaded),
    )


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "../shared/data/imagenet-samples.tar"
    with tarfile.open(path) as archive:
        files = {name: dict(why=why, **stages(archive.extractfile(name).read())) for name, why in FILES.items()}
    made_by = f"scripts/goldens/imaging_imagenet.py, Pillow {PIL.__version__}, torchvision {torchvision.__version__}"
    text = json.dumps(dict(made_by=made_by, files=files), indent=1)
    pathlib.Path("testdata/imaging/imagenet.json").write_text(text + "\n")


main()
