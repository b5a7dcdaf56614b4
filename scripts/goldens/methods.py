"""Write testdata/methods/: five training steps of every method by PyTorch.

Run from the repository root: /usr/bin/python3 scripts/goldens/methods.py [METHOD...]
With METHODs it makes theirs alone, from the problem.pth that is there: another
processor would round that differently.

problem.pth holds what all methods start from: the states P.*, T.* and R.*, and
per step input.N and target.N (bytes: 255 is 1) and labels.N. METHOD.pth holds
what follows:

  processing.N, recognition.N   the two terms in step N
  gradient.P.*, gradient.T.*    of the first step; a parameter that is absent
                                here has no gradient at all
  after.P.*, after.T.*          parameters and running statistics after the
                                last step

P and T are trained by an optimizer each, on losses of their own where the
method cuts the gradient between them. R is used as torch.nn has it, in
evaluation mode with its BatchNorm layers unfolded.

All is computed in double precision and then rounded to float32. In float32
alone two kinds of tensors have no answer to compare with. A BatchNorm in
training subtracts the mean, so the bias of the convolution before it has a
gradient of exactly zero; it comes out as rounding, and Adam divides rounding by
its own size: five steps of PyTorch with one thread and with two differ by 1e-2
in these biases, and by 1e-3 in the running means that contain them. Everything
else PyTorch itself gets right in float32, which main() makes sure of.
"""

import copy
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch import nn

from networks import ResnetGenerator, SRResNet, prefixed, randomize_statistics, shapes_resnet

FOLDER = pathlib.Path("testdata/methods")
STEPS = 5
SEED = 69  # among those that float32 gets right, see main()
LAMBDAS = {"plain": 0.0, "ra": 0.1, "ra-unsupervised": 10.0, "perceptual": 0.1, "ra-transformer": 0.1}

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def networks():
    return SRResNet(2, channels=4, blocks=2, end_kernel=5), ResnetGenerator(channels=2, blocks=1), shapes_resnet(width=3)


def problem():
    torch.manual_seed(SEED)
    tensors = {}
    for step in range(STEPS):
        target = F.interpolate(torch.rand(4, 3, 4, 4), scale_factor=4, mode="bilinear", align_corners=False)
        tensors[f"target.{step}"] = (target * 255).byte()
        tensors[f"input.{step}"] = (F.avg_pool2d(target, 2) * 255).byte()
        tensors[f"labels.{step}"] = torch.randint(10, (4,))
    p, t, r = networks()
    for model in (p, t):
        randomize_statistics(model, torch.default_generator)
    with torch.no_grad():
        p.block5[-1].weight *= 5  # pictures instead of grey
    make_sensitive(r, torch.cat([tensors[f"target.{step}"] for step in range(STEPS)]))
    for name, model in zip("PTR", (p, t, r)):
        tensors.update(prefixed(name, model.state_dict()))
    return tensors


def make_sensitive(r, images):
    """Makes a recognizer with random weights answer differently to different images."""
    for norm in (m for m in r.modules() if isinstance(m, nn.BatchNorm2d)):
        norm.momentum = None  # the statistics of these images alone
    with torch.no_grad():
        r((images / 255 - MEAN) / STD)
        r.fc.weight *= 4


def state(tensors, prefix):
    return {name[len(prefix):]: t.clone() for name, t in tensors.items() if name.startswith(prefix)}


def run(method, tensors, dtype):
    p, t, r = networks()
    for name, model in zip("PTR", (p, t, r)):
        model.load_state_dict(state(tensors, f"{name}."))
        model.to(dtype)
    r.eval().requires_grad_(False)
    recognize = lambda image: r((image - MEAN.to(dtype)) / STD.to(dtype))
    body = copy.deepcopy(r)
    body.fc = nn.Identity()
    features = lambda image: body((image - MEAN.to(dtype)) / STD.to(dtype))
    optimizers = [torch.optim.Adam(model.parameters(), lr=1e-3) for model in (p, t)]
    weight = LAMBDAS[method]
    result = {}

    for step in range(STEPS):
        x, y = (tensors[f"{name}.{step}"].to(dtype) / 255 for name in ("input", "target"))
        labels = tensors[f"labels.{step}"]
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        output = p(x)
        processing = F.mse_loss(output, y)
        recognition = None
        if method == "plain":
            processing.backward()
        elif method == "ra":
            recognition = F.cross_entropy(recognize(output), labels)
            (processing + weight * recognition).backward()
        elif method == "ra-unsupervised":
            with torch.no_grad():
                wanted = recognize(y).softmax(dim=1)
            recognition = F.mse_loss(recognize(output).softmax(dim=1), wanted)
            (processing + weight * recognition).backward()
        elif method == "perceptual":
            with torch.no_grad():
                wanted = features(y)
            recognition = F.mse_loss(features(output), wanted)
            (processing + weight * recognition).backward()
        elif method == "ra-transformer":
            processing.backward()
            recognition = F.cross_entropy(recognize(t(output.detach())), labels)
            (weight * recognition).backward()

        result[f"processing.{step}"] = processing.detach()
        if recognition is not None:
            result[f"recognition.{step}"] = recognition.detach()
        if step == 0:
            for name, model in (("P", p), ("T", t)):
                gradients = {n: w.grad for n, w in model.named_parameters() if w.grad is not None}
                result.update(prefixed(f"gradient.{name}", gradients))
        for optimizer in optimizers:
            optimizer.step()

    result.update(prefixed("after.P", p.state_dict()))
    if method == "ra-transformer":
        result.update(prefixed("after.T", t.state_dict()))
    return result


def rounding_decides(name):
    """Whether a tensor of P is a bias before a BatchNorm, or the running mean of its outputs."""
    return name.endswith((".conv1.bias", ".conv2.bias", ".bn1.running_mean", ".bn2.running_mean"))


def deviation(single, double):
    """The largest relative error of float32, where it has an answer."""
    return max(((single[name] - want).abs().max() / want.abs().max()).item()
               for name, want in double.items() if want.is_floating_point() and not rounding_decides(name))


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    if len(sys.argv) > 1:
        tensors = torch.load(FOLDER / "problem.pth")
    else:
        tensors = problem()
        torch.save(tensors, FOLDER / "problem.pth")
    for method in sys.argv[1:] or LAMBDAS:
        double = run(method, tensors, torch.float64)
        error = deviation(run(method, tensors, torch.float32), double)
        assert error < 4e-6, f"{method}: float32 is off by {error:.1e}; choose another seed"
        torch.save({name: t.float() if t.is_floating_point() else t for name, t in double.items()},
                   FOLDER / f"{method}.pth")


if __name__ == "__main__":
    main()
