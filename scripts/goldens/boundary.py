"""Write testdata/boundary/golden.json: boundary analyses of two small networks by numpy and scipy.

Run from the repository root: /usr/bin/python3 scripts/goldens/boundary.py

Nothing here shares formulas with the Go package where another way exists: everything is in double precision, gradients are
central differences, distances are root findings on the difference of two logits after a scan 500 times as fine, planes come
from a QR decomposition, and kappa from the confusion matrix of each plane.
"""

import json
import pathlib

import numpy as np
from scipy.optimize import brentq
from scipy.spatial.distance import cdist

HEIGHT, WIDTH, HIDDEN, CLASSES, IMAGES = 2, 3, 12, 5, 14
DIMENSION = 3 * HEIGHT * WIDTH
MAXIMUM, STEP, RESOLUTION, PLANES = 20.0, 0.5, 20, 6
SURE = 1e-5  # of every point used, the best logit leads by more: single precision cannot turn the label
rng = np.random.default_rng(20200622)


def network():
    return {"hidden": np.round(rng.normal(0, 0.25, (HIDDEN, DIMENSION)), 3), "bias": np.round(rng.normal(0, 0.5, HIDDEN), 3),
            "out": np.round(rng.normal(0, 1, (CLASSES, HIDDEN)), 3)}


def logits(net, points):
    return np.tanh(points @ net["hidden"].T + net["bias"]) @ net["out"].T


def labels(net, points):
    z = logits(net, points)
    two = np.sort(z, axis=-1)[..., -2:]
    assert (two[..., 1] - two[..., 0]).min() > SURE, "a point on the boundary: take another seed"
    return z.argmax(axis=-1)


def cross_entropy(net, x, label):
    z = logits(net, x)
    return np.log(np.exp(z).sum()) - z[label]


def gradient(net, x, label):
    h = 1e-5
    return np.array([(cross_entropy(net, x + h * e, label) - cross_entropy(net, x - h * e, label)) / (2 * h)
                     for e in np.eye(DIMENSION)])


def distance(net, x, unit):
    """The first change of the label; -1 beyond the maximum, None where a grid of STEP would not see it as it is."""
    fine = np.arange(0, MAXIMUM + 1e-9, STEP / 500)
    along = logits(net, x + fine[:, None] * unit).argmax(axis=1)
    changes = np.flatnonzero(along != along[0])
    coarse = np.flatnonzero(along[::500] != along[0])
    if len(changes) == 0:
        return -1
    k = changes[0]
    if len(coarse) == 0 or not (coarse[0] - 1) * 500 < k <= coarse[0] * 500 or len(set(along[k:coarse[0] * 500 + 1])) != 1:
        return None
    lead = lambda e: np.subtract(*logits(net, x + e * unit)[[along[0], along[k]]])
    return brentq(lead, fine[k - 1], fine[k], xtol=1e-12)


def plane(x, triplet):
    """Labels are of points built from the QR decomposition of the triangle's sides, whose signs are made positive."""
    first, second, third = x[list(triplet)]
    q, r = np.linalg.qr(np.stack([second - first, third - first], axis=1))
    q, r = q * np.sign(np.diag(r)), r * np.sign(np.diag(r))[:, None]
    corners = np.array([[0, 0], r[:, 0], r[:, 1]])
    low, high = corners.min(axis=0), corners.max(axis=0)
    grown = 0.1 * (high - low)
    u, v = (np.linspace(low[k] - grown[k], high[k] + grown[k], RESOLUTION) for k in range(2))
    grid = np.stack(np.meshgrid(u, v), axis=-1)  # [row, column]
    a, b = (labels(net, first + grid @ q.T).ravel() for net in nets)
    confusion = np.zeros((CLASSES, CLASSES))
    np.add.at(confusion, (a, b), 1)
    confusion /= confusion.sum()
    return {"triplet": triplet, "u": u.tolist(), "v": v.tolist(), "labels": [a.tolist(), b.tolist()],
            "agree": float(np.trace(confusion)), "chance": float(confusion.sum(axis=1) @ confusion.sum(axis=0))}


nets = [network() for _ in range(2)]
# The second resembles the first, as two networks trained on the same data do.
nets[1] = {k: np.round(nets[0][k] + 0.35 * nets[1][k], 3) for k in nets[0]}
images = np.round(rng.normal(0.5, 1.5, (IMAGES, DIMENSION)), 2)
truth = labels(nets[0], images)
assert len(set(truth)) >= 3

far = cdist(images, images)
far[truth[:, None] == truth[None]] = np.inf
nearest = far.argmin(axis=1)
legitimate = images[nearest] - images
adversarial = np.array([gradient(nets[0], x, c) for x, c in zip(images, truth)])
directions = {}
for name, vectors in [("legitimate", legitimate), ("adversarial", adversarial)]:
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    directions[name] = {"units": units.tolist(),
                        "distances": [[distance(net, x, u) for x, u in zip(images, units)] for net in nets]}

planes = []
while len(planes) < PLANES:
    triplet = rng.choice(IMAGES, 3, replace=False).tolist()
    if len(set(truth[triplet])) == 3:
        planes.append(plane(images, triplet))
agree, chance = (np.mean([p[k] for p in planes]) for k in ("agree", "chance"))

golden = {
    "height": HEIGHT, "width": WIDTH, "classes": CLASSES, "maximum": MAXIMUM, "resolution": RESOLUTION,
    "networks": [{k: v.ravel().tolist() for k, v in net.items()} for net in nets],
    "images": images.ravel().tolist(), "labels": truth.tolist(), "nearest": nearest.tolist(),
    "directions": directions, "planes": planes, "score": agree, "kappa": (agree - chance) / (1 - chance),
}
path = pathlib.Path("testdata/boundary/golden.json")
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(golden, separators=(",", ":"), sort_keys=True) + "\n")
print(path, path.stat().st_size, "bytes")
print("labels", truth.tolist(), "score", agree, "kappa", golden["kappa"])
for name, d in directions.items():
    print(name, [[x if x is None else round(x, 2) for x in row] for row in d["distances"]])
