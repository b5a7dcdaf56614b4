"""Write testdata/results: invented cells and gains, and what a table must make of them.

Run from the repository root: /usr/bin/python3 scripts/goldens/results.py

The numbers are made up (a recognizer's accuracy plus an effect of task,
method and seed); nothing was measured. entries.json holds the mean over seeds
and half of the interval for every entry of the table of accuracies, by numpy
and scipy. The rendered tables beside it are this project's own output, checked
by eye, and are renewed with `go test ./results -update`.
"""

import csv
import json
import pathlib

import numpy as np
from scipy import stats

COLUMNS = ("experiment,seed,task,method,lambda,source,evaluator,dataset,metric,"
           "value,ci_low,ci_high,n,key").split(",")
GAIN_COLUMNS = ("experiment,task,method,lambda,source,evaluator,dataset,metric,"
                "gain,ci_low,ci_high,p,p_holm,test,n_images,n_seeds,warnings").split(",")
METHODS = [("none", "", ""), ("plain", "0", ""), ("ra", "0.001", "resnet18"),
           ("ra-unsupervised", "10", "resnet18")]
EVALUATORS = ["resnet18", "vgg16_bn"]
CLEAN = {"resnet18": 69.76, "vgg16_bn": 73.36}
EFFECT = {"none": -30, "plain": -16, "ra": -8, "ra-unsupervised": -8.04}
PSNR = {"none": 22.1, "plain": 24.7, "ra": 24.4, "ra-unsupervised": 24.5}

rng = np.random.default_rng(7)
out = pathlib.Path("testdata/results")
out.mkdir(parents=True, exist_ok=True)


def cell(seed, task, method, lam, source, evaluator, metric, value, half, n=1000):
    value = round(float(value), 3)
    return ["grid", seed, task, method, lam, source, evaluator, "imagenet", metric,
            value, "" if half is None else round(value - half, 3), "" if half is None else round(value + half, 3),
            n, f"key-{task}-{method}-{seed}"]


cells = [cell(0, "clean", "none", "", "", e, "top1", CLEAN[e], 2.8) for e in EVALUATORS]
for t, task in enumerate(["sr", "dn"]):
    for method, lam, source in METHODS:
        for seed in (0,) if method == "none" else (0, 1, 2):
            shift = rng.normal(0, 0.4)
            for evaluator in EVALUATORS:
                value = CLEAN[evaluator] + EFFECT[method] + 4 * t + shift + rng.normal(0, 0.2)
                cells.append(cell(seed, task, method, lam, source, evaluator, "top1", value, 3.0))
            cells.append(cell(seed, task, method, lam, source, "", "psnr", PSNR[method] + 3 * t + 0.1 * shift, 0.15))
            cells.append(cell(seed, task, method, lam, source, "", "psnr_batch", PSNR[method] + 3 * t - 0.4, None))
            cells.append(cell(seed, task, method, lam, source, "", "ssim", 0.7 + 0.05 * t + 0.01 * shift, 0.006))

with open(out / "cells.csv", "w", newline="") as f:
    writer = csv.writer(f, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([cells[i] for i in rng.permutation(len(cells))])  # no order to rely on

gains = []
for task in ["sr", "dn"]:
    for method, lam, source in METHODS[2:]:
        for evaluator in EVALUATORS:
            # 0.03 is the second largest: twice that is not significant after Holm's correction.
            p = 0.03 if (task, method) == ("dn", "ra-unsupervised") else 0.0004
            if (task, method, evaluator) == ("dn", "ra-unsupervised", "vgg16_bn"):
                p = 0.3
            gains.append(["grid", task, method, lam, source, evaluator, "imagenet", "top1", 8.0, 5.5, 10.5, p, "",
                          "t, two-way random effects of seeds and images", 1000, 3, ""])
        gains.append(["grid", task, method, lam, source, "", "imagenet", "psnr", -0.3, -0.4, -0.2, 0.0001, "",
                      "t, two-way random effects of seeds and images", 1000, 3, ""])
with open(out / "gains.csv", "w", newline="") as f:
    writer = csv.writer(f, lineterminator="\n")
    writer.writerow(GAIN_COLUMNS)
    writer.writerows(gains)

entries = []
for task in ["sr", "dn"]:
    for method, _, _ in METHODS:
        for evaluator in EVALUATORS:
            rows = [c for c in cells if (c[2], c[3], c[6], c[8]) == (task, method, evaluator, "top1")]
            values = np.array([c[9] for c in rows])
            images = np.mean([(c[11] - c[10]) / 2 for c in rows])
            half = images
            if len(values) >= 3:
                seeds = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
                half = np.sqrt(seeds**2 + images**2)
            entries.append({"task": task, "method": method, "evaluator": evaluator,
                            "mean": values.mean(), "half": half})
# A sweep of lambda: accuracy peaks in its middle, PSNR only falls.
curve = []
for t, task in enumerate(["sr", "dn"]):
    for lam in ["0", "0.0001", "0.001", "0.01", "0.1"]:
        step = 0 if lam == "0" else np.log10(float(lam)) + 5
        method, source = ("plain", "") if lam == "0" else ("ra", "resnet-s")
        for seed in (0, 1, 2):
            for e, evaluator in enumerate(["resnet-s", "vgg-s", "densenet-s"]):
                value = 60 + 4 * t - 5 * e + 14 * step - 3 * step**2 + rng.normal(0, 0.5)
                curve.append(cell(seed, task, method, lam, source, evaluator, "top1", value, 2.5))
            curve.append(cell(seed, task, method, lam, source, "", "psnr", 25 + t - 0.12 * step**2 + rng.normal(0, 0.03), 0.15))
with open(out / "lambda.csv", "w", newline="") as f:
    writer = csv.writer(f, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([["lambda"] + row[1:] for row in curve])

(out / "entries.json").write_text(json.dumps(entries, indent=1) + "\n")
print(len(cells), "cells,", len(gains), "gains,", len(entries), "entries")
