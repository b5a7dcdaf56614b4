"""Write testdata/detection/operators.pth: what torchvision's box operators compute.

Run from the repository root: /usr/bin/python3 scripts/goldens/detection.py

Boxes of the suppression cases lie on a grid of whole pixels and their scores are
few, so that ties in overlap and score are many.
"""

import pathlib

import torch
from torchvision import ops
from torchvision.models.detection import _utils, anchor_utils, image_list

FOLDER = pathlib.Path("testdata/detection")
SEED = 2019


def boxes(g, count, height, width, smallest=0.0):
    """Boxes that may exceed an image of that size."""
    centre = torch.rand(count, 2, generator=g) * torch.tensor([width, height])
    size = torch.rand(count, 2, generator=g) * torch.tensor([width, height]) * 0.6 + smallest
    return torch.cat([centre - size / 2, centre + size / 2], 1)


def box_arithmetic(g):
    a, b = boxes(g, 7, 60, 80, 1), boxes(g, 9, 60, 80, 1)
    b[0] = a[0]
    b[1] = torch.tensor([200.0, 200, 210, 220])  # meets none
    tensors = {"boxes.a": a, "boxes.b": b, "boxes.iou": ops.box_iou(a, b)}
    tensors["boxes.clip"] = ops.clip_boxes_to_image(b, (40, 50))
    tensors["boxes.large"] = ops.remove_small_boxes(tensors["boxes.clip"], 10.0)
    offsets = torch.randn(7, 4, generator=g) * 3
    tensors["boxes.offsets"] = offsets
    for name, weights in {"proposal": (1.0, 1.0, 1.0, 1.0), "head": (10.0, 10.0, 5.0, 5.0)}.items():
        coder = _utils.BoxCoder(weights)
        tensors[f"boxes.{name}.encode"] = coder.encode_single(b[:7], a)
        wild = offsets * torch.tensor(weights)  # some beyond the limit of growth
        tensors[f"boxes.{name}.decode"] = coder.decode_single(wild, a)
        tensors[f"boxes.{name}.offsets"] = wild
    return tensors


def anchors():
    """name: sizes, ratios, image and feature map."""
    cases = {
        "usual": ((128, 256, 512), (0.5, 1.0, 2.0), (96, 160), (6, 10)),
        "small": ((10, 23, 45), (0.5, 1.0, 2.0), (64, 96), (8, 12)),
        "uneven": ((17,), (0.3, 1.0, 3.0), (50, 70), (7, 9)),
    }
    tensors = {}
    for name, (sizes, ratios, image, features) in cases.items():
        generator = anchor_utils.AnchorGenerator((sizes,), (ratios,))
        images = image_list.ImageList(torch.zeros(1, 3, *image), [image])
        tensors[f"anchors.{name}"] = generator(images, [torch.zeros(1, 1, *features)])[0]
    return tensors


def suppression(g):
    count = 120
    corner = torch.randint(0, 12, (count, 2), generator=g)
    size = torch.randint(2, 9, (count, 2), generator=g)
    given = torch.cat([corner, corner + size], 1).float()
    scores = torch.randint(0, 15, (count,), generator=g).float() / 16
    classes = torch.randint(0, 4, (count,), generator=g)
    tensors = {"nms.boxes": given, "nms.scores": scores, "nms.classes": classes}
    for percent in (30, 50, 70):  # 50 is met exactly by some pairs
        tensors[f"nms.{percent}"] = ops.nms(given, scores, percent / 100)
        tensors[f"nms.{percent}.classes"] = ops.batched_nms(given, scores, classes, percent / 100)
    smooth = boxes(g, 300, 60, 80, 2)
    tensors["nms.smooth.boxes"], tensors["nms.smooth.scores"] = smooth, torch.rand(300, generator=g)
    tensors["nms.smooth"] = ops.nms(smooth, tensors["nms.smooth.scores"], 0.7)
    return tensors


def matching(g):
    """Anchors on a grid, so that several overlap an object as much, and objects that none overlaps well."""
    a = anchor_utils.AnchorGenerator(((16, 32),), ((0.5, 1.0, 2.0),))
    given = a(image_list.ImageList(torch.zeros(1, 3, 64, 96), [(64, 96)]), [torch.zeros(1, 1, 8, 12)])[0]
    objects = torch.tensor([[12.0, 12, 28, 28], [30.0, 5, 60, 40], [70.0, 30, 94, 60], [2.0, 50, 5, 54], [13.0, 13, 29, 30]])
    quality = ops.box_iou(objects, given)
    return {
        "match.boxes": given,
        "match.objects": objects,
        "match.anchors": _utils.Matcher(0.7, 0.3, True)(quality.clone()),
        "match.proposals": _utils.Matcher(0.5, 0.5, False)(quality.clone()),
    }


def regions(g):
    features = torch.randn(1, 3, 9, 12, generator=g)
    rois = boxes(g, 11, 72, 96, 1)  # stride 8
    rois[0] = torch.tensor([0.0, 0, 96, 72])
    rois[1] = torch.tensor([30.0, 30, 31, 31])
    rois[2] = torch.tensor([90.0, 60, 130, 110])
    rois[3] = torch.tensor([-60.0, -50, -30, -20])  # outside
    # Pooled features have equal values, as after a ReLU, so that it matters which of them gets the gradient.
    flat = (features * 2).round().clamp(min=0)
    tensors = {"regions.features": features, "regions.flat": flat, "regions.boxes": rois}
    cases = {
        "align": (features, lambda f: ops.roi_align(f, [rois], (7, 5), 1 / 8, 2)),
        "aligned": (features, lambda f: ops.roi_align(f, [rois], (7, 5), 1 / 8, 2, aligned=True)),
        "adaptive": (features, lambda f: ops.roi_align(f, [rois], (3, 4), 1 / 8, -1)),
        "pool": (flat, lambda f: ops.roi_pool(f, [rois], (7, 5), 1 / 8)),
        "pool.coarse": (flat, lambda f: ops.roi_pool(f, [rois], (2, 3), 1 / 8)),
    }
    for name, (given, operator) in cases.items():
        f = given.clone().requires_grad_(True)
        out = operator(f)
        weight = torch.randn(out.shape, generator=g)
        (out * weight).sum().backward()
        tensors[f"{name}.output"], tensors[f"{name}.weight"], tensors[f"{name}.gradient"] = out.detach(), weight, f.grad
    return tensors


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    g = torch.Generator().manual_seed(SEED)
    tensors = {**box_arithmetic(g), **anchors(), **suppression(g), **matching(g), **regions(g)}
    torch.save(tensors, FOLDER / "operators.pth")


if __name__ == "__main__":
    main()
