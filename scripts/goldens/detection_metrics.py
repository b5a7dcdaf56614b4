"""Write testdata/metrics/detection.json: average precision of detections after the PASCAL VOC devkit.

Run from the repository root: /usr/bin/python3 scripts/goldens/detection_metrics.py

Nothing here is shared with the Go package. Boxes are VOC's: pixels counted from 1, both ends inclusive, +1 on every width and
height. All detections of a class are walked through once, over the whole set, with a flag on every object that was found; the
curve is made with numpy's cumulative sums and integrated as the devkit's VOCap does. Resampled sets are written out, with
every copy of an image as an image of its own, instead of weighting images. Recalls are compared with the levels 0, 0.1 ... 1
as fractions.
"""

import json
import pathlib
from fractions import Fraction

import numpy as np

rng = np.random.default_rng(2007)
CLASSES = 3
SIDE = 60


def overlap(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0]) + 1
    height = min(a[3], b[3]) - max(a[1], b[1]) + 1
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    sizes = [(box[2] - box[0] + 1) * (box[3] - box[1] + 1) for box in (a, b)]
    return both / (sum(sizes) - both)


def curve(images, cls):
    """Outcomes (1 right, 0 wrong, -1 ignored) of the class's detections in the order of the scores, and its positives."""
    positives, rows = 0, []
    for number, image in enumerate(images):
        positives += sum(1 for o in image["truth"] if o[0] == cls and not o[1])
        rows += [(number, d[1], d[2:]) for d in image["found"] if d[0] == cls]
    order = np.argsort([-row[1] for row in rows], kind="stable")
    seen, outcomes = set(), []
    for k in order:
        number, _, box = rows[k]
        best, match = -np.inf, None
        for j, o in enumerate(images[number]["truth"]):
            if o[0] == cls and overlap(box, o[2:]) > best:
                best, match = overlap(box, o[2:]), j
        if best > 0.5:
            if images[number]["truth"][match][1]:
                outcomes.append(-1)
            elif (number, match) in seen:
                outcomes.append(0)
            else:
                seen.add((number, match))
                outcomes.append(1)
        else:
            outcomes.append(0)
    return outcomes, positives


def average_precision(outcomes, positives):
    """By 11 points and by area, in percent; None without positives."""
    if positives == 0:
        return None, None
    right = np.cumsum([o == 1 for o in outcomes])
    wrong = np.cumsum([o == 0 for o in outcomes])
    precision = right / np.maximum(right + wrong, 1)
    eleven = 0.0
    for step in range(11):
        reached = [p for r, p in zip(right, precision) if Fraction(int(r), positives) >= Fraction(step, 10)]
        eleven += max(reached, default=0.0) / 11
    recall = np.concatenate([[0], right / positives, [1]])
    envelope = np.concatenate([[0], precision, [0]])
    envelope = np.maximum.accumulate(envelope[::-1])[::-1]
    steps = np.flatnonzero(recall[1:] != recall[:-1]) + 1
    area = np.sum((recall[steps] - recall[steps - 1]) * envelope[steps])
    return 100 * eleven, 100 * float(area)


def evaluate(images):
    classes = []
    for cls in range(CLASSES):
        outcomes, positives = curve(images, cls)
        eleven, area = average_precision(outcomes, positives)
        classes.append({"positives": positives, "right": outcomes.count(1), "wrong": outcomes.count(0),
                        "ignored": outcomes.count(-1), "ap07": eleven, "ap": area})
    counted = [c for c in classes if c["positives"]]
    return {"classes": classes, "map07": float(np.mean([c["ap07"] for c in counted])),
            "map": float(np.mean([c["ap"] for c in counted]))}


def random_box():
    x, y = rng.integers(1, SIDE - 20, 2)
    width, height = rng.integers(8, 20, 2)
    return [int(x), int(y), int(x + width - 1), int(y + height - 1)]


def shifted(box, most):
    moved = [int(v + rng.integers(-most, most + 1)) for v in box]
    return [moved[0], moved[1], max(moved[2], moved[0]), max(moved[3], moved[1])]


def random_image(quality, scores):
    """Objects as [class, difficult, xmin, ymin, xmax, ymax] and detections as [class, score, xmin, ymin, xmax, ymax].

    quality is the largest shift of an edge; scores is how many different scores there are.
    """
    truth, found = [], []
    for _ in range(rng.integers(0, 5)):
        box = random_box()
        truth.append([int(rng.integers(CLASSES)), int(rng.random() < 0.2)] + box)
        if rng.random() < 0.2:
            truth.append([truth[-1][0], int(rng.random() < 0.3)] + shifted(box, 3))  # two objects that overlap
    for o in truth:
        for _ in range(rng.choice(3, p=[0.2, 0.55, 0.25])):
            cls = o[0] if rng.random() < 0.9 else int(rng.integers(CLASSES))
            found.append([cls, 0.3 + 0.7 * rng.random()] + shifted(o[2:], quality))
    for _ in range(rng.integers(0, 3)):
        found.append([int(rng.integers(CLASSES)), 0.8 * rng.random()] + random_box())
    rng.shuffle(found)
    found = [[int(d[0]), round(d[1] * scores) / scores] + [int(v) for v in d[2:]] for d in found]
    return {"truth": truth, "found": found}


def distinct(images):
    """Without detections of one image, class and score, whose copies would have no definite order."""
    for image in images:
        kept = {(d[0], d[1]): d for d in image["found"]}
        image["found"] = list(kept.values())
    return images


def resampled(images, count):
    cases = []
    for _ in range(count):
        times = np.bincount(rng.integers(0, len(images), len(images)), minlength=len(images))
        copies = [image for image, n in zip(images, times) for _ in range(n)]
        result = evaluate(copies)
        cases.append({"times": times.tolist(), "map07": result["map07"], "map": result["map"]})
    return cases


many = [random_image(4, 40) for _ in range(200)]
few = distinct([random_image(5, 40) for _ in range(60)])
bootstrap = resampled(few, 600)
golden = {
    "images": many, "whole": evaluate(many),
    "resampled_images": few, "resamples": bootstrap[:5],
    "deviation": {name: float(np.std([c[name] for c in bootstrap])) for name in ("map07", "map")},
}
path = pathlib.Path("testdata/metrics/detection.json")
path.write_text(json.dumps(golden, separators=(",", ":"), sort_keys=True) + "\n")
print(path, path.stat().st_size, "bytes")
print(golden["whole"], golden["deviation"])
overlaps = [overlap(d[2:], o[2:]) for image in many for d in image["found"] for o in image["truth"] if d[0] == o[0]]
print(sum(o == 0.5 for o in overlaps), "pairs overlap by exactly one half")
