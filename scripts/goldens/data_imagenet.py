"""Goldens of package data: ILSVRC's validation images in one folder, as torchvision labels them.

Run from the repository root: /usr/bin/python3 scripts/goldens/data_imagenet.py
Written with torchvision 0.14.1, SciPy 1.10.1 and Pillow 9.4.0 of Debian 12.

A devkit of five classes (meta.mat and the ground truth) and seven images are packed into the archives that
torchvision.datasets.ImageNet expects, apart from their checksums; its labels are the goldens.

testdata/data/imagenet/val/            the images
testdata/data/imagenet/ILSVRC2012_validation_ground_truth.txt
testdata/data/imagenet/classes.txt     classes by ILSVRC2012_ID
testdata/data/imagenet/LOC_val_solution.csv   the same labels in Kaggle's form, with the lines in another order
testdata/data/imagenet.json            classes, and the label of every image
"""

import json
import pathlib
import shutil
import tarfile
import tempfile

import numpy
import scipy.io
from PIL import Image
from torchvision.datasets import ImageNet, imagenet

OUT = pathlib.Path("testdata/data")
FOLDER = OUT / "imagenet"
WNIDS = ["n02119789", "n02100735", "n01440764", "n03017168", "n02097047"]  # by ILSVRC2012_ID, which starts at 1
IDS = [3, 1, 5, 2, 1, 4, 3]  # of the images


def meta():
    """The synsets of meta.mat: the classes, then an inner node of the tree, which is none."""
    fields = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("gloss", "O"), ("num_children", "O")]
    rows = [(k + 1, wnid, f"word {wnid}", "gloss", 0) for k, wnid in enumerate(WNIDS)]
    rows.append((len(rows) + 1, "n00001740", "entity", "gloss", 2))
    synsets = numpy.empty((len(rows), 1), dtype=fields)
    for k, row in enumerate(rows):
        synsets[k, 0] = row
    return {"synsets": synsets}


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "val").mkdir(parents=True)
    names = [f"ILSVRC2012_val_{k + 1:08d}.JPEG" for k in range(len(IDS))]
    for k, name in enumerate(names):
        Image.new("RGB", (8, 8), (30 * k, 100, 255 - 30 * k)).save(FOLDER / "val" / name, "JPEG")
    truth = FOLDER / "ILSVRC2012_validation_ground_truth.txt"
    truth.write_text("".join(f"{id}\n" for id in IDS))
    (FOLDER / "classes.txt").write_text("".join(f"{wnid}\n" for wnid in WNIDS))
    rows = [f"{name.split('.')[0]},{WNIDS[id - 1]} 1 2 3 4 {WNIDS[id - 1]} 5 6 7 8 \n" for name, id in zip(names, IDS)]
    (FOLDER / "LOC_val_solution.csv").write_text("ImageId,PredictionString\n" + "".join(rows[3:] + rows[:3]))

    root = pathlib.Path(tempfile.mkdtemp())
    devkit = root / "ILSVRC2012_devkit_t12"
    (devkit / "data").mkdir(parents=True)
    scipy.io.savemat(devkit / "data" / "meta.mat", meta())
    shutil.copy(truth, devkit / "data")
    with tarfile.open(root / "ILSVRC2012_devkit_t12.tar.gz", "w:gz") as archive:
        archive.add(devkit, devkit.name)
    with tarfile.open(root / "ILSVRC2012_img_val.tar", "w") as archive:
        for name in names:
            archive.add(FOLDER / "val" / name, name)
    imagenet._verify_archive = lambda *_: None
    dataset = ImageNet(str(root), split="val")
    labels = {pathlib.Path(path).name: label for path, label in dataset.samples}
    golden = {"classes": dataset.wnids, "labels": [labels[name] for name in names]}
    (OUT / "imagenet.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
