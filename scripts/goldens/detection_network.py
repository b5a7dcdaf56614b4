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


def main():
    torch.manual_seed(SEED)
    model = FasterRCNN(
        Backbone(), min_size=HEIGHT, max_size=1000, image_mean=[0.0] * 3, image_std=[1.0] * 3,
        rpn_anchor_generator=AnchorGenerator(((16, 32, 64),), ((0.5, 1.0, 2.0),)),
        rpn_pre_nms_top_n_train=400, rpn_pre_nms_top_n_test=200, rpn_post_nms_top_n_train=100, rpn_post_nms_top_n_test=50,
        box_roi_pool=MultiScaleRoIAlign(["0"], 5, 2), box_head=TwoMLPHead(4 * WIDTH * 25, HIDDEN),
        box_predictor=FastRCNNPredictor(HIDDEN, CLASSES + 1), box_batch_size_per_image=64,
    )
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn(p.shape) * (0.3 if p.dim() == 1 else (1.5 / p[0].numel()) ** 0.5))
    tensors = {f"initial.{k}": v.clone() for k, v in model.state_dict().items()}
    image = torch.rand(3, HEIGHT, IMAGE_WIDTH)
    tensors["image"] = image[None].clone()
    objects = torch.tensor([[10.0, 12, 40, 44], [30.0, 20, 80, 60], [50.0, 2, 70, 20]])
    cases = {"objects": (objects, torch.tensor([2, 0, 1])), "none": (torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64))}
    tensors["objects"] = objects
    model.train()
    model.transform._skip_resize = True
    for name, (boxes, labels) in cases.items():
        x = image.clone().requires_grad_(True)
        torch.manual_seed(SEED)
        losses = model([x], [{"boxes": boxes, "labels": labels + 1}])
        sum(losses.values()).backward()
        order = ["loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg"]
        tensors[f"{name}.losses"] = torch.stack([losses[k].detach() for k in order])
        tensors[f"{name}.gradient"] = x.grad[None]
        print(name, tensors[f"{name}.losses"], x.grad.abs().max())
    model.eval()
    with torch.no_grad():
        found = model([image])[0]
    print(len(found["boxes"]), found["labels"].bincount())
    tensors.update({"found.boxes": found["boxes"], "found.labels": found["labels"] - 1, "found.scores": found["scores"]})
    torch.save(tensors, pathlib.Path("testdata/detection/shapes.pth"))


if __name__ == "__main__":
    main()
