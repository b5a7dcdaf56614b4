"""Compares two cells.csv of one suite.

    cells.py same A B     cell by cell: the same up to rounding and what it does to a short training
    cells.py noise A B    mean over the seeds: no further apart than seeds of one file are

Prints one line on the largest differences, and ends with 1 if they are too large.
"""
import csv
import statistics
import sys

# How far one cell may be apart: dB, similarity, percent.
SAME = {"psnr": 0.1, "psnr_batch": 0.1, "ssim": 0.01, "top1": 10, "top5": 10}
# How far means may be apart whatever the seeds' spread.
NOISE = {"psnr": 0.1, "psnr_batch": 0.1, "ssim": 0.005, "top1": 1, "top5": 1}
NAMES = ["experiment", "task", "method", "lambda", "source", "evaluator", "dataset", "metric"]


def read(path):
    """The values by cell without its seed: {cell: {seed: value}}."""
    cells = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            cells.setdefault(tuple(row[n] for n in NAMES), {})[row["seed"]] = float(row["value"])
    return cells


def allowed(how, metric, a, b):
    if how == "same":
        return SAME.get(metric, 0)
    spread = statistics.stdev([*a.values()]) if len(a) > 1 else 0
    return max(NOISE.get(metric, 0), 2 * spread * (2 / len(a)) ** 0.5)


def main(how, first, second):
    a, b = read(first), read(second)
    if not a or a.keys() != b.keys() or any(a[c].keys() != b[c].keys() for c in a):
        print("the two files have other cells")
        return 1
    worst, bad = {}, []
    for cell, values in a.items():
        metric = cell[-1]
        differences = [b[cell][seed] - v for seed, v in values.items()]
        found = max(map(abs, differences)) if how == "same" else abs(statistics.mean(differences))
        worst[metric] = max(worst.get(metric, 0), found)
        if not found <= allowed(how, metric, values, b[cell]):  # NaN is bad
            bad.append(f"{' '.join(filter(None, cell))}: {found:.4g}, allowed {allowed(how, metric, values, b[cell]):.4g}")
    print("largest difference of " + ("a cell" if how == "same" else "means over seeds") + ": " +
          ", ".join(f"{metric} {value:.4g}" for metric, value in worst.items()))
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("same", "noise"):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
