"""Goldens of package data: tiny CIFAR-10 and CIFAR-100, and what torchvision reads from them.

Run from the repository root: /usr/bin/python3 scripts/goldens/data_cifar.py
Written with torchvision 0.14.1 and Pillow 9.4.0 of Debian 12.

Random images are stored twice: as the pickles that torchvision reads, in a temporary folder, and in the binary version
described at https://www.cs.toronto.edu/~kriz/cifar.html. The goldens are what torchvision made of the former.

testdata/data/cifar-10-batches-bin/   CIFAR-10 with 2 training images per file and 3 test images
testdata/data/cifar-100-binary/       CIFAR-100 with 4 training and 3 test images
testdata/data/cifar.json              classes, labels and the SHA-256 of the RGB bytes of every image
"""

import hashlib
import json
import pathlib
import pickle
import tempfile

import numpy
from torchvision import datasets

OUT = pathlib.Path("testdata/data")
CIFAR10 = "airplane automobile bird cat deer dog frog horse ship truck".split()


class Unchecked:
    """Reads files that are not the published ones."""

    def _check_integrity(self):
        return True

    def _load_meta(self):
        path = pathlib.Path(self.root) / self.base_folder / self.meta["filename"]
        self.classes = pickle.loads(path.read_bytes())[self.meta["key"]]


class SmallCIFAR10(Unchecked, datasets.CIFAR10):
    pass


class SmallCIFAR100(Unchecked, datasets.CIFAR100):
    pass


class Coarse(SmallCIFAR100):
    """The coarse names; torchvision knows the fine ones only."""

    meta = dict(datasets.CIFAR100.meta, key="coarse_label_names")


def store(pickles, binary, name, file, pixels, labels):
    """labels: key of the pickle -> one label per image, in the order of the binary version's label bytes."""
    batch = {"data": pixels, **{key: [int(v) for v in values] for key, values in labels.items()}}
    (pickles / name).write_bytes(pickle.dumps(batch, protocol=2))
    columns = numpy.stack(list(labels.values()), axis=1).astype(numpy.uint8)
    (binary / file).write_bytes(numpy.concatenate([columns, pixels], axis=1).tobytes())


def summary(dataset):
    return {
        "classes": dataset.classes,
        "labels": [int(dataset[i][1]) for i in range(len(dataset))],
        "sha256": [hashlib.sha256(dataset[i][0].convert("RGB").tobytes()).hexdigest() for i in range(len(dataset))],
    }


def main():
    random = numpy.random.default_rng(2)
    root = pathlib.Path(tempfile.mkdtemp())
    draw = lambda n: random.integers(0, 256, (n, 3072), dtype=numpy.uint8)
    goldens = {}

    pickles, binary = root / "cifar-10-batches-py", OUT / "cifar-10-batches-bin"
    pickles.mkdir(parents=True)
    binary.mkdir(parents=True, exist_ok=True)
    for k in range(1, 6):
        store(pickles, binary, f"data_batch_{k}", f"data_batch_{k}.bin", draw(2), {"labels": random.integers(0, 10, 2)})
    store(pickles, binary, "test_batch", "test_batch.bin", draw(3), {"labels": numpy.array([9, 0, 5])})
    (pickles / "batches.meta").write_bytes(pickle.dumps({"label_names": CIFAR10}, protocol=2))
    (binary / "batches.meta.txt").write_text("\n".join(CIFAR10) + "\n\n")
    goldens["cifar10-train"] = summary(SmallCIFAR10(str(root), train=True))
    goldens["cifar10-val"] = summary(SmallCIFAR10(str(root), train=False))

    pickles, binary = root / "cifar-100-python", OUT / "cifar-100-binary"
    pickles.mkdir(parents=True)
    binary.mkdir(parents=True, exist_ok=True)
    fine, coarse = [f"fine_{k:02d}" for k in range(100)], [f"coarse_{k:02d}" for k in range(20)]
    (pickles / "meta").write_bytes(pickle.dumps({"fine_label_names": fine, "coarse_label_names": coarse}, protocol=2))
    (binary / "fine_label_names.txt").write_text("\n".join(fine) + "\n")
    (binary / "coarse_label_names.txt").write_text("\n".join(coarse) + "\n")
    for name, n in [("train", 4), ("test", 3)]:
        labels = {"coarse_labels": random.integers(0, 20, n), "fine_labels": random.integers(0, 100, n)}
        labels["fine_labels"][0], labels["coarse_labels"][0] = 99, 19
        store(pickles, binary, name, f"{name}.bin", draw(n), labels)
    for split, train in [("train", True), ("val", False)]:
        goldens[f"cifar100-fine-{split}"] = summary(SmallCIFAR100(str(root), train=train))
    for name in ("train", "test"):  # without fine labels torchvision would fail: give it the coarse ones in their place
        batch = pickle.loads((pickles / name).read_bytes())
        batch["fine_labels"] = batch.pop("coarse_labels")
        (pickles / name).write_bytes(pickle.dumps(batch, protocol=2))
    for split, train in [("train", True), ("val", False)]:
        goldens[f"cifar100-coarse-{split}"] = summary(Coarse(str(root), train=train))

    (OUT / "cifar.json").write_text(json.dumps(goldens, indent=1) + "\n")


if __name__ == "__main__":
    main()
