"""Write testdata/metrics/{golden.json,images.f32}: image quality and recognition by PyTorch and scikit-image.

Run from the repository root: /usr/bin/python3 scripts/goldens/metrics.py

SSIM is written here the way it is usually published, as a convolution of every channel with the full 11x11 window, whereas
the Go package filters rows and columns of sums and differences. It is computed in double precision, which is the golden,
and in single precision, which is what a PyTorch program would print. images.f32 holds the outputs and then the targets of
each case, one case after the other, as little-endian float32 in the order of "quality" followed by "batches".
"""

import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from skimage.metrics import structural_similarity

torch.manual_seed(20191020)
torch.set_num_threads(1)

FOLDER = pathlib.Path("testdata/metrics")
EPSILON = 1e-9  # the reference code adds it to the mean squared error
REFERENCE_BATCH = 20


def window(dtype):
    offsets = torch.arange(11, dtype=torch.float64) - 5
    line = torch.exp(-offsets ** 2 / (2 * 1.5 ** 2))
    line = (line / line.sum()).to(dtype)
    return torch.outer(line, line).expand(3, 1, 11, 11).contiguous()


def ssim(output, target, dtype):
    """SSIM of each image: zero-padded, biased, averaged over pixels and channels."""
    x, y, w = output.to(dtype), target.to(dtype), window(dtype)

    def local(image):
        return F.conv2d(image, w, padding=5, groups=3)

    mu_x, mu_y = local(x), local(y)
    var_x = local(x * x) - mu_x ** 2
    var_y = local(y * y) - mu_y ** 2
    cov = local(x * y) - mu_x * mu_y
    c1, c2 = 0.01 ** 2, 0.03 ** 2
    values = ((2 * mu_x * mu_y + c1) * (2 * cov + c2)
              / ((mu_x ** 2 + mu_y ** 2 + c1) * (var_x + var_y + c2)))
    return values.mean(dim=(1, 2, 3)).tolist()


def skimage_ssim(output, target):
    """scikit-image's SSIM of each image, which leaves out a border of 5 pixels, and the map that it averages."""
    means, maps = [], []
    for x, y in zip(output.double().numpy(), target.double().numpy()):
        channels = [structural_similarity(a, b, gaussian_weights=True, use_sample_covariance=False, sigma=1.5,
                                          data_range=1, full=True) for a, b in zip(x, y)]
        means.append(float(np.mean([mean for mean, _ in channels])))
        maps.append(np.stack([values[5:-5, 5:-5] for _, values in channels]))
    return means, np.round(np.stack(maps), 9).ravel().tolist()


def psnr(error):
    return 10 * math.log10(1 / (error + EPSILON))


def quality(name, output, target):
    output, target = output.float().contiguous(), target.float().contiguous()
    errors = ((output.double() - target.double()) ** 2).mean(dim=(1, 2, 3)).tolist()
    case = {
        "name": name, "shape": list(output.shape), "mse": errors,
        "psnr": [psnr(error) for error in errors],
        "psnr_batch": psnr(F.mse_loss(output.double(), target.double()).item()),
        "psnr_batch_float32": psnr(F.mse_loss(output, target).item()),
        "ssim": ssim(output, target, torch.float64),
        "ssim_float32": ssim(output, target, torch.float32),
    }
    if min(output.shape[2:]) >= 11:
        case["skimage"], case["skimage_map"] = skimage_ssim(output, target)
    return case, output, target


def batches(name, output, target):
    """The reference's evaluation loop: PSNR of each batch, averaged with the batch sizes as weights."""
    total = 0.0
    for start in range(0, len(output), REFERENCE_BATCH):
        x, y = output[start:start + REFERENCE_BATCH], target[start:start + REFERENCE_BATCH]
        total += psnr(F.mse_loss(x.double(), y.double()).item()) * len(x)
    return {"name": name, "shape": list(output.shape), "psnr_batch": total / len(output)}, output, target


def photographs(count, height, width):
    """Smooth colour fields with an edge, 8 bits deep, like pictures."""
    coarse = torch.rand(count, 3, 4, 5)
    smooth = F.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=True)
    smooth[:, :, height // 3:, width // 2:] *= 0.5
    return (smooth.clamp(0, 1) * 255).round() / 255


def noisy(images, sigma):
    return (images + sigma * torch.randn_like(images)).clamp(0, 1)


def flat(values, height, width):
    return torch.tensor(values).view(-1, 1, 1, 1).expand(-1, 3, height, width)


def recognition(name, logits, labels):
    logits, labels = logits.float(), torch.tensor(labels)
    top5 = logits.topk(5, dim=1).indices
    return {
        "name": name, "shape": list(logits.shape), "logits": logits.ravel().tolist(), "labels": labels.tolist(),
        "top1": (logits.argmax(dim=1) == labels).tolist(),
        "top5": (top5 == labels[:, None]).any(dim=1).tolist(),
        "cross_entropy": F.cross_entropy(logits.double(), labels, reduction="none").tolist(),
        "cross_entropy_float32": F.cross_entropy(logits, labels, reduction="none").tolist(),
    }


pictures = photographs(3, 21, 17)
blurred = F.avg_pool2d(photographs(2, 24, 24), 3, stride=1, padding=1)
grey = torch.full((1, 3, 13, 16), 0.9)
cases = [
    quality("noisy pictures, higher than wide", noisy(pictures, 0.1), pictures),
    quality("blurred square pictures", blurred, photographs(2, 24, 24)),
    quality("identical pictures", pictures[:2], pictures[:2]),
    quality("constant pictures", flat([0.9, 0.9, 0.0, 1.0, 0.5], 11, 13), flat([0.9, 0.8, 1.0, 1.0, 0.5003], 11, 13)),
    quality("faint noise on light grey", noisy(grey, 1e-3), grey),
    quality("pictures smaller than the window", torch.rand(2, 3, 5, 7), torch.rand(2, 3, 5, 7)),
    quality("one row of pixels", torch.rand(1, 3, 1, 14), torch.rand(1, 3, 1, 14)),
]
many = torch.rand(47, 3, 3, 4)
spread = torch.linspace(0.001, 0.5, 47)[torch.randperm(47)].view(-1, 1, 1, 1)
loop = batches("47 images of very different quality in batches of 20", (many + spread * torch.randn_like(many)).clamp(0, 1),
               many)

with open(FOLDER / "images.f32", "wb") as file:
    for _, output, target in cases + [loop]:
        file.write(output.numpy().astype("<f4").tobytes())
        file.write(target.numpy().astype("<f4").tobytes())

golden = {
    "quality": [case for case, _, _ in cases],
    "batches": loop[0],
    "recognition": [
        recognition("ten classes", torch.randn(9, 10) * 2, [3, 1, 4, 1, 5, 9, 2, 6, 5]),
        recognition("huge logits", torch.randn(4, 6) * 300, [0, 5, 2, 3]),
        recognition("confident and right", 20 * torch.eye(6), [0, 1, 2, 3, 4, 5]),
    ],
}
path = FOLDER / "golden.json"
path.write_text(json.dumps(golden, separators=(",", ":"), sort_keys=True) + "\n")
for path in sorted(FOLDER.iterdir()):
    print(path, path.stat().st_size, "bytes")
for case, _, _ in cases:
    gap = max(abs(a - b) for a, b in zip(case["ssim"], case["ssim_float32"]))
    print(f"{case['name']}: ssim {case['ssim'][0]:.6f}, single precision differs by {gap:.1e}, skimage {case.get('skimage', [None])[0]}")
