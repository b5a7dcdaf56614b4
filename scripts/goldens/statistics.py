"""Write testdata/statistics/golden.json: intervals and tests by scipy and numpy.

Run from the repository root: /usr/bin/python3 scripts/goldens/statistics.py

Nothing here shares code or formulas with the Go package where another way
exists: the two-way analysis is made from explicit means over axes, McNemar's
test is scipy's binomial test, small-sample rank correlations are scipy's exact
permutation test, and the bootstrap of right/wrong answers is compared with the
binomial distribution that it samples.
"""

import json
import pathlib

import numpy as np
from scipy import stats

LEVEL = 0.95
rng = np.random.default_rng(20191020)


def student_mean(name, values):
    values = np.asarray(values, dtype=float)
    low, high = stats.t.interval(
        LEVEL, len(values) - 1, loc=values.mean(), scale=stats.sem(values))
    return {"name": name, "values": values.tolist(), "low": low, "high": high}


def bootstrap_answers(name, images, right, unit):
    share = right / images
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    low, high = stats.binom.ppf(tails, images, share) / images * unit
    return {"name": name, "images": images, "right": right, "unit": unit,
            "low": low, "high": high, "step": unit / images,
            "deviation": unit * np.sqrt(share * (1 - share) / images)}


def bootstrap_values(name, values):
    result = stats.bootstrap((values,), np.mean, confidence_level=LEVEL, n_resamples=50000,
                             method="percentile", random_state=rng)
    return {"name": name, "values": values.tolist(),
            "low": result.confidence_interval.low, "high": result.confidence_interval.high,
            "deviation": result.standard_error}


def mcnemar(name, base, other):
    only_other = int(np.sum((other > 0) & (base == 0)))
    only_base = int(np.sum((other == 0) & (base > 0)))
    p = 1.0
    if only_other + only_base:
        p = stats.binomtest(only_other, only_other + only_base, 0.5).pvalue
    return {"name": name, "base": [base.tolist()], "other": [other.tolist()],
            "difference": float(np.mean(other) - np.mean(base)), "p": p}


def paired_t(name, base, other):
    return {"name": name, "base": [base.tolist()], "other": [other.tolist()],
            "difference": float(np.mean(other - base)), "p": stats.ttest_rel(other, base).pvalue}


def two_way(name, base, other):
    d = other - base
    seeds, images = d.shape
    mean = d.mean()
    seed_effect = d.mean(axis=1, keepdims=True) - mean
    image_effect = d.mean(axis=0, keepdims=True) - mean
    rest = d - mean - seed_effect - image_effect
    ms_seed = images * np.sum(seed_effect**2) / (seeds - 1)
    ms_image = seeds * np.sum(image_effect**2) / (images - 1)
    ms_rest = np.sum(rest**2) / ((seeds - 1) * (images - 1))
    total = ms_seed + max(ms_image - ms_rest, 0)
    freedom = min(total**2 / (ms_seed**2 / (seeds - 1)), images - 1)
    error = np.sqrt(total / (seeds * images))
    half = stats.t.ppf((1 + LEVEL) / 2, freedom) * error
    return {"name": name, "base": base.tolist(), "other": other.tolist(), "difference": mean,
            "low": mean - half, "high": mean + half,
            "p": 2 * stats.t.sf(abs(mean / error), freedom)}


def spearman(name, x, y):
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    n = len(x)
    rho, p = stats.spearmanr(x, y)
    if n <= 8:
        p = stats.permutation_test((x,), lambda x: stats.spearmanr(x, y)[0],
                                   permutation_type="pairings", n_resamples=np.inf).pvalue
    half = stats.norm.ppf((1 + LEVEL) / 2) * np.sqrt((1 + rho**2 / 2) / (n - 3))
    z = 0.5 * np.log((1 + rho) / (1 - rho))
    low, high = ((np.exp(2 * v) - 1) / (np.exp(2 * v) + 1) for v in (z - half, z + half))
    return {"name": name, "x": x.tolist(), "y": y.tolist(), "rho": rho, "p": p, "low": low, "high": high}


def holm(name, p):
    """By the definition: the rank-th smallest p is compared with alpha/(m - rank), step down."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted = [0.0] * len(p)
    for rank, i in enumerate(order):
        steps = [(len(p) - r) * p[order[r]] for r in range(rank + 1)]
        adjusted[i] = min(1.0, max(steps))
    return {"name": name, "p": p, "adjusted": adjusted}


def clopper_pearson(successes, n):
    interval = stats.binomtest(successes, n).proportion_ci(LEVEL, method="exact")
    return {"successes": successes, "n": n, "low": interval.low, "high": interval.high}


def sign_test(up, down):
    return {"up": up, "down": down, "p": stats.binomtest(up, up + down, 0.5).pvalue}


def agreement(name, ratings):
    """Pair by pair over the raw answers; -1 is no answer. Go works on counts and on coincidences."""
    ratings = np.asarray(ratings)
    units = [column[column >= 0] for column in ratings.T]
    pairable = [unit for unit in units if len(unit) > 1]
    weights, different = [], []
    for unit in pairable:
        for i in range(len(unit)):
            for j in range(len(unit)):
                if i != j:
                    weights.append(1 / (len(unit) - 1))
                    different.append(unit[i] != unit[j])
    pool = np.concatenate(pairable)
    others = [pool[i] != np.delete(pool, i) for i in range(len(pool))]
    alpha = 1 - np.average(different, weights=weights) / np.mean(others)
    fleiss = None
    if (ratings >= 0).all():
        table = np.stack([(ratings == c).sum(axis=0) for c in range(ratings.max() + 1)], axis=1)
        raters = len(ratings)
        per_unit = np.mean([np.mean([np.mean(np.delete(unit, i) == unit[i]) for i in range(raters)]) for unit in units])
        chance = np.sum((table.sum(axis=0) / table.sum()) ** 2)
        fleiss = (per_unit - chance) / (1 - chance)
    choices = int(ratings.max()) + 1
    counts = [[int(np.sum(unit == c)) for c in range(choices)] for unit in units]
    return {"name": name, "counts": counts, "alpha": alpha, "fleiss": fleiss}


def answers(n, p):
    return (rng.random(n) < p).astype(float)


def seeds_of_answers(seeds, images, p, gain, spread):
    hard = rng.random(images) * 0.5
    base = np.stack([(rng.random(images) < p - 0.25 + hard) for _ in range(seeds)]).astype(float)
    other = np.stack([(rng.random(images) < p - 0.25 + hard + gain + spread * rng.normal())
                      for _ in range(seeds)]).astype(float)
    return base, other


psnr = np.round(rng.normal(25, 3, 80), 3)
better = np.round(psnr + rng.normal(0.2, 0.6, 80), 3)
base_answers = answers(120, 0.6)
changed = np.where(rng.random(120) < 0.2, answers(120, 0.8), base_answers)
normal_psnr = np.round(rng.normal(25, 2, (3, 60)), 3)

golden = {
    "student_mean": [
        student_mean("three seeds", [61.8, 62.4, 60.9]),
        student_mean("two seeds", [61.8, 62.4]),
        student_mean("ten seeds", np.round(rng.normal(70, 2, 10), 4)),
    ],
    "bootstrap_answers": [
        bootstrap_answers("1000 images, half right", 1000, 500, 1),
        bootstrap_answers("1000 images, 92.9 %", 1000, 929, 100),
        bootstrap_answers("5000 images, 1 % right", 5000, 50, 100),
    ],
    "bootstrap_values": [bootstrap_values("PSNR of 80 images", psnr)],
    "mcnemar": [
        mcnemar("120 images", base_answers, changed),
        mcnemar("in percent", 100 * base_answers, 100 * changed),
        mcnemar("no disagreement", base_answers, base_answers),
        mcnemar("all gains", np.zeros(12), np.ones(12)),
        mcnemar("balanced", np.array([0, 1, 0, 1, 1.0]), np.array([1, 0, 0, 1, 1.0])),
    ],
    "paired_t": [paired_t("PSNR of 80 images", psnr, better)],
    "two_way": [
        two_way("answers, three seeds", *seeds_of_answers(3, 90, 0.6, 0.1, 0.05)),
        two_way("answers, two seeds", *seeds_of_answers(2, 60, 0.5, 0.2, 0.0)),
        two_way("answers, five seeds that differ", *seeds_of_answers(5, 60, 0.5, 0.1, 0.3)),
        two_way("PSNR, three seeds", normal_psnr, np.round(normal_psnr + rng.normal(0.1, 0.4, (3, 60)), 3)),
    ],
    "spearman": [
        spearman("12 pairs", np.round(rng.normal(0, 1, 12), 3), np.round(rng.normal(0, 1, 12), 3)),
        spearman("ties", [1, 2, 2, 3, 3, 3, 4, 5, 6, 7, 8], [2, 1, 4, 4, 3, 5, 5, 9, 8, 8, 12]),
        spearman("six pairs, exact", [1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5]),
        spearman("four pairs with a tie, exact", [1, 2, 3, 4], [1, 3, 3, 2]),
    ],
    "clopper_pearson": [clopper_pearson(*c) for c in
                        [(0, 5), (5, 5), (1, 1), (7, 10), (3, 120), (64, 100), (500, 1000), (9990, 10000)]],
    "sign_test": [sign_test(*c) for c in [(0, 1), (6, 0), (7, 3), (5, 5), (64, 36), (36, 64), (700, 600)]],
    "agreement": [
        # Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", example C: alpha is 0.743.
        agreement("Krippendorff's example", [
            [0, 1, 2, 2, 1, 0, 3, 0, 1, -1, -1, -1], [0, 1, 2, 2, 1, 1, 3, 0, 1, 4, -1, 2],
            [-1, 2, 2, 2, 1, 2, 3, 1, 1, 4, 0, -1], [0, 1, 2, 2, 1, 3, 3, 0, 1, 4, 0, -1]]),
        agreement("complete", np.random.default_rng(7).integers(0, 3, (5, 12))),
        agreement("against each other", [[0, 1, 0, 1], [1, 0, 1, 0]]),
    ],
    "holm": [
        holm("textbook", [0.01, 0.04, 0.03, 0.005]),
        holm("clipped at one", [0.9, 0.5, 0.02]),
        holm("ties", [0.02, 0.02, 0.02]),
        holm("single", [0.04]),
    ],
}

path = pathlib.Path("testdata/statistics/golden.json")
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(golden, indent=None, separators=(",", ":"), sort_keys=True) + "\n")
print(path, path.stat().st_size, "bytes")
