"""Write testdata/networks/zoo/: what torchvision's classifiers compute and hold.

Run from the repository root: /usr/bin/python3 scripts/goldens/zoo.py

Weights of these sizes are not stored: draw() fills them from one generator in
the order of their names, and a test that owns the same generator repeats it.

  <architecture>.pth  logits for the two images() of `pixels` pixels a side, drawn
                      from the same generator after the weights, and the gradient
                      of the logits' mean square with respect to the images;
                      evaluation mode
  zoo.json            for every architecture: the evaluation preset of its first
                      weights; pixels and gain, the arguments of its draw; the
                      number of trainable values; its state_dict as "name shape",
                      in alphabetical order
  initial.json        for one architecture of each family and each of its
                      parameters: the standard deviation and the largest
                      magnitude of torchvision's initial values
  operators.pth       operators on their own: input, output and the gradient of
                      the output's mean square with respect to the input
"""

import json
import pathlib
import warnings

import torch
import torchvision
from torch import nn

FOLDER = pathlib.Path("testdata/networks/zoo")
SEED = 2019

# A draw's gain is the variance of weights times their fan in. 2 keeps the size of
# activations through a ReLU. Residual sums that no normalization follows grow
# with every block and want less.
GAINS = {"resnet": 0.7, "mobilenet": 1.6, "densenet": 2.0, "vgg": 2.0, "inception": 2.2, "convnext": 1.0, "squeezenet": 2.0}

ARCHITECTURES = [
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
    "densenet121", "densenet169", "densenet201",
    "vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn",
    "inception_v3", "mobilenet_v2", "convnext_tiny", "squeezenet1_1",
]
INITIAL = ["resnet18", "densenet121", "vgg11_bn", "inception_v3", "mobilenet_v2", "convnext_tiny", "squeezenet1_1"]


def pixels(name):
    """Inception: the smallest size at which every weight of the last stage's kernels counts. SqueezeNet: pools of even sizes."""
    return {"inception_v3": 107, "squeezenet1_1": 70}.get(name, 64)


def gain(name):
    return next(value for family, value in GAINS.items() if name.startswith(family))


def draw(model, generator, gain):
    """Fills the state, name by name in alphabetical order, from one generator."""
    state = model.state_dict()
    for name in sorted(state):
        tensor = state[name]
        if name.endswith("num_batches_tracked"):
            continue
        if tensor.dim() > 1:
            fan_in = tensor.numel() // tensor.shape[0]
            tensor.normal_(0, (gain / fan_in) ** 0.5, generator=generator)
        elif name.endswith("running_var") or name.endswith("weight"):
            tensor.normal_(1, 0.1, generator=generator)
        else:
            tensor.normal_(0, 0.1, generator=generator)


def build(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # inception announces another default initialization
        return getattr(torchvision.models, name)(weights=None)


def images(generator, pixels):
    """Two images that differ in brightness and contrast, since averages of noise alone hardly differ."""
    x = torch.empty(2, 3, pixels, pixels)
    x[0].normal_(0, 1, generator=generator)
    x[1].normal_(1, 0.5, generator=generator)
    return x


def answer(model, x):
    x.requires_grad_(True)
    y = model(x)
    y.square().mean().backward()
    return y.detach(), x.grad


def check(name, logits, gradient):
    """A golden that hardly depends on the images, or is beyond float32's comfort, would not show mistakes."""
    largest = logits.abs().max().item()
    apart = (logits[0] - logits[1]).abs().max().item() / largest
    steepest = [g.abs().max().item() for g in gradient]
    print(f"{name:14} logits up to {largest:9.3g}, {apart:5.2f} of it between images, gradients up to {steepest}")
    assert 1e-3 < largest < 1e3 and apart > 0.05 and all(1e-8 < s < 1e3 for s in steepest), name


def network(name):
    model = build(name)
    model.eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(SEED)
    draw(model, generator, gain(name))
    x = images(generator, pixels(name))
    logits, gradient = answer(model, x)
    check(name, logits, gradient)
    tensors = {"logits": logits, "gradient": gradient}
    if name == "inception_v3":
        model.transform_input = True
        tensors["transformed_logits"] = model(x.detach())
    torch.save(tensors, FOLDER / f"{name}.pth")
    preset = torchvision.models.get_model_weights(name).IMAGENET1K_V1.transforms()
    return {
        "resize": preset.resize_size[0],
        "crop": preset.crop_size[0],
        "pixels": pixels(name),
        "gain": gain(name),
        "parameters": sum(p.numel() for p in model.parameters()),
        "state": [f"{key} {'x'.join(map(str, t.shape))}".strip() for key, t in sorted(model.state_dict().items())],
    }


def spread(parameter):
    """Deviation and largest magnitude; a constant has no deviation. Few values tell little of either."""
    largest = float(f"{parameter.abs().max():.4g}")
    if parameter.numel() == 1 or parameter.std() == 0:
        return [0.0, largest]
    return [float(f"{parameter.std():.4g}"), largest] if parameter.numel() >= 1000 else None


def initial(name):
    spreads = {key: spread(p) for key, p in build(name).named_parameters()}
    return {key: s for key, s in spreads.items() if s}


def operators():
    generator = torch.Generator().manual_seed(SEED)
    x = torch.randn(2, 3, 4, 5, generator=generator) * 4
    norm = nn.LayerNorm(5, eps=1e-6)
    norm.weight.data.normal_(1, 0.5, generator=generator)
    norm.bias.data.normal_(0, 0.5, generator=generator)
    tensors = {"input": x, "layer_norm.weight": norm.weight.detach(), "layer_norm.bias": norm.bias.detach()}
    for name, operator in {"layer_norm": norm, "gelu": nn.GELU(), "relu6": nn.ReLU6()}.items():
        tensors[f"{name}.output"], tensors[f"{name}.gradient"] = answer(operator, x.detach().clone())
    torch.save(tensors, FOLDER / "operators.pth")


def write_json(name, content):
    (FOLDER / name).write_text(json.dumps(content, indent=0) + "\n")


def main():
    torch.manual_seed(SEED)
    FOLDER.mkdir(parents=True, exist_ok=True)
    operators()
    write_json("zoo.json", {name: network(name) for name in ARCHITECTURES})
    write_json("initial.json", {name: initial(name) for name in INITIAL})


if __name__ == "__main__":
    main()
