"""Write testdata/detection/shapes.pth: what torchvision's FasterRCNN computes on a small random backbone.

Run from the repository root: /usr/bin/python3 scripts/goldens/detection_network.py

The losses draw their samples from torch's generator seeded with SEED, as the test's generator.
"""

import pathlib

import torch
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign

SEED, CLASSES, WIDTH, HIDDEN, HEIGHT, IMAGE_WIDTH = 2019, 3, 4, 16, 72, 88


class Stage(nn.Module):
    def __init__(self, into, out):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(into, out, 3, 2, 1, bias=False), nn.GroupNorm(4, out)
        self.conv2, self.norm2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.GroupNorm(4, out)

    def forward(self, x):
        x = self.norm1(self.conv1(x)).relu()
        return (x + self.norm2(self.conv2(x))).relu()


class Backbone(nn.Sequential):
    out_channels = 4 * WIDTH

    def __init__(self):
        super().__init__()
        for i, (a, b) in enumerate([(3, WIDTH), (WIDTH, 2 * WIDTH), (2 * WIDTH, 4 * WIDTH)]):
            self.add_module(f"layer{i + 1}", Stage(a, b))


# Ours, under our names.
OPTIONS = {
    "anchor_size": 16, "anchor_scales": 3, "anchor_ratios": 3, "rpn_pre_nms_train": 400, "rpn_post_nms_train": 100,
    "rpn_pre_nms_test": 200, "rpn_post_nms_test": 50, "rpn_nms": 0.7, "rpn_foreground": 0.7, "rpn_background": 0.3,
    "rpn_batch": 256, "box_foreground": 0.5, "box_background": 0.5, "box_batch": 64, "roi_size": 5, "roi_sampling": 2,
    "score_threshold": 0.05, "nms": 0.5, "detections": 100,
}


def detector(backbone, head, width, classes, height, o):
    """torchvision's FasterRCNN with our options o, for one image of that height, which it takes as it is."""
    sizes = tuple(o["anchor_size"] << i for i in range(o["anchor_scales"]))
    ratios = tuple(2.0 ** (i - (o["anchor_ratios"] - 1) / 2) for i in range(o["anchor_ratios"]))
    return FasterRCNN(
        backbone, min_size=height, max_size=1000, image_mean=[0.0] * 3, image_std=[1.0] * 3, _skip_resize=True,
        rpn_anchor_generator=AnchorGenerator((sizes,), (ratios,)),
        rpn_pre_nms_top_n_train=o["rpn_pre_nms_train"], rpn_pre_nms_top_n_test=o["rpn_pre_nms_test"],
        rpn_post_nms_top_n_train=o["rpn_post_nms_train"], rpn_post_nms_top_n_test=o["rpn_post_nms_test"],
        rpn_nms_thresh=o["rpn_nms"], rpn_fg_iou_thresh=o["rpn_foreground"], rpn_bg_iou_thresh=o["rpn_background"],
        rpn_batch_size_per_image=o["rpn_batch"],
        box_roi_pool=MultiScaleRoIAlign(["0"], o["roi_size"], o["roi_sampling"]), box_head=head,
        box_predictor=FastRCNNPredictor(width, classes + 1), box_score_thresh=o["score_threshold"],
        box_nms_thresh=o["nms"], box_detections_per_img=o["detections"], box_fg_iou_thresh=o["box_foreground"],
        box_bg_iou_thresh=o["box_background"], box_batch_size_per_image=o["box_batch"],
    )


def record(model, image, objects, labels):
    """What the model is and computes of an image with these objects, of the same without any, and in detection."""
    tensors = {f"initial.{k}": v.clone() for k, v in model.state_dict().items()}
    tensors.update({"image": image[None].clone(), "objects": objects, "labels": labels})
    model.train()
    none = torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)
    for name, (boxes, classes) in {"objects": (objects, labels), "none": none}.items():
        x = image.clone().requires_grad_(True)
        torch.manual_seed(SEED)
        losses = model([x], [{"boxes": boxes, "labels": classes + 1}])
        sum(losses.values()).backward()
        order = ["loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg"]
        tensors[f"{name}.losses"] = torch.stack([losses[k].detach() for k in order])
        tensors[f"{name}.gradient"] = x.grad[None]
        print(name, tensors[f"{name}.losses"], x.grad.abs().max())
    model.eval()
    model.backbone.register_forward_hook(lambda module, given, out: tensors.update(features=out))
    model.rpn.register_forward_hook(lambda module, given, out: tensors.update(proposals=out[0][0]))
    with torch.no_grad():
        found = model([image])[0]
    print(len(tensors["proposals"]), "proposals,", len(found["boxes"]), "detections", found["labels"].bincount())
    tensors.update({"found.boxes": found["boxes"], "found.labels": found["labels"] - 1, "found.scores": found["scores"]})
    return tensors


def main():
    torch.manual_seed(SEED)
    model = detector(Backbone(), TwoMLPHead(4 * WIDTH * OPTIONS["roi_size"] ** 2, HIDDEN), HIDDEN, CLASSES, HEIGHT, OPTIONS)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn(p.shape) * (0.3 if p.dim() == 1 else (1.5 / p[0].numel()) ** 0.5))
    image = torch.rand(3, HEIGHT, IMAGE_WIDTH)
    objects = torch.tensor([[10.0, 12, 40, 44], [30.0, 20, 80, 60], [50.0, 2, 70, 20]])
    torch.save(record(model, image, objects, torch.tensor([2, 0, 1])), pathlib.Path("testdata/detection/shapes.pth"))


if __name__ == "__main__":
    main()
