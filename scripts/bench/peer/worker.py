"""The PyTorch side of the benchmarks: does one problem as often as lines on standard input ask for it.

    worker.py PROBLEM.json

It answers every line with one line of JSON; see ../worker.go for the lines.
"""
import hashlib
import json
import math
import os
import sys
import time

import torch
from PIL import Image
from torch.nn import functional as F
from torchvision import datasets, transforms

from networks import Normalized, build, read_safetensors

LAMBDA = 1e-3


def batches(problem):
    tensors = read_safetensors(problem["data"])
    return [(tensors[f"input.{i}"], tensors[f"target.{i}"], tensors[f"labels.{i}"]) for i in range(problem["batches"])]


def on_gpu(problem):
    return problem["device"] != "cpu"


def resident_batches(problem):
    """Batches on the device, for what is not about transfers."""
    return [tuple(t.to(problem["device"]) for t in batch) for batch in batches(problem)]


class Step:
    """One training step of P per run, plain or recognition-aware. On a GPU no run waits for its losses."""

    def __init__(self, problem):
        self.device, mode = problem["device"], problem["peer_mode"]
        self.bf16 = mode["precision"] == "bf16"
        self.layout = torch.channels_last if mode["channels_last"] else torch.contiguous_format
        self.batches, self.next = batches(problem), 0
        if on_gpu(problem):
            torch.backends.cudnn.benchmark = True
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = mode["precision"] == "tf32"
            self.batches = [tuple(t.pin_memory() for t in batch) for batch in self.batches]
        self.P = build(problem["processor"]).train().to(self.device, memory_format=self.layout)
        self.R = None
        for spec in problem["recognizers"] or []:
            self.R = Normalized(build(spec)).eval().requires_grad_(False).to(self.device, memory_format=self.layout)
        self.optimizer = torch.optim.Adam(self.P.parameters(), lr=1e-4, **({"fused": True} if on_gpu(problem) else {}))
        self.forward = torch.compile(self.terms) if mode["compile"] else self.terms

    def terms(self, x, y, c):
        output = self.P(x)
        terms = [F.mse_loss(output.float(), y)]
        if self.R is not None:
            terms.append(F.cross_entropy(self.R(output).float(), c))
        return terms

    def upload(self):
        x, y, c = self.batches[self.next % len(self.batches)]
        self.next += 1
        if self.device == "cpu" and self.layout == torch.contiguous_format:
            return x, y, c
        x, y = (t.to(self.device, non_blocking=True, memory_format=self.layout) for t in (x, y))
        return x, y, c.to(self.device, non_blocking=True)

    def run(self):
        x, y, c = self.upload()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.device.split(":")[0], torch.bfloat16, enabled=self.bf16):
            terms = self.forward(x, y, c)
        loss = terms[0] if self.R is None else terms[0] + LAMBDA * terms[1]
        loss.backward()
        self.optimizer.step()
        return terms if self.device != "cpu" else [t.item() for t in terms]

    def check(self):
        return {"values": [float(t) for _ in range(6) for t in self.run()]}


class Checkpoint(Step):
    """P, its optimizer and the step, written to a file."""

    def __init__(self, problem):
        super().__init__(problem)
        self.path = os.path.join(problem["folder"], "peer.pth")
        super().run()

    def run(self):
        torch.save({"model": self.P.state_dict(), "optimizer": self.optimizer.state_dict(), "step": 1}, self.path)

    def check(self):
        self.run()
        return {"values": [float(t.double().sum()) for name, t in self.P.state_dict().items() if name.endswith("weight")]}


def gaussian_window(channels):
    weights = torch.tensor([math.exp(-((i - 5) ** 2) / (2 * 1.5**2)) for i in range(11)])
    weights = (weights / weights.sum()).unsqueeze(1)
    return (weights @ weights.t()).expand(channels, 1, 11, 11).contiguous()


def ssim(x, y, window):
    """The SSIM of the reference code (pytorch-ssim): per-channel 11x11 Gaussian, zero padding, mean over everything."""
    def smooth(t):
        return F.conv2d(t, window, padding=5, groups=3)

    mx, my = smooth(x), smooth(y)
    vx, vy, cov = smooth(x * x) - mx**2, smooth(y * y) - my**2, smooth(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    return (((2 * mx * my + c1) * (2 * cov + c2)) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


class SSIM:
    """The SSIM of all batches."""

    def __init__(self, problem):
        self.batches, self.window = resident_batches(problem), gaussian_window(3).to(problem["device"])

    def run(self):
        with torch.no_grad():
            return [ssim(output, target, self.window).item() for output, target, _ in self.batches]

    def check(self):
        return {"values": self.run()}


class Evaluation:
    """The reference's procedure: for each recognizer a pass over all images, with P, R and the batch's metrics in it."""

    def __init__(self, problem):
        self.batches, self.window = batches(problem), gaussian_window(3).to(problem["device"])
        if on_gpu(problem):
            torch.backends.cudnn.allow_tf32 = False
        self.device = problem["device"]
        self.P = build(problem["processor"]).eval().to(self.device)
        self.recognizers = [Normalized(build(spec)).eval().to(self.device) for spec in problem["recognizers"]]

    def run(self):
        values = []
        for R in self.recognizers:
            psnr, similarity, loss, correct, count = 0.0, 0.0, 0.0, 0, 0
            with torch.no_grad():
                for batch in self.batches:
                    x, y, c = (t.to(self.device) for t in batch)
                    output = self.P(x)
                    logits = R(output)
                    n = len(c)
                    psnr += 10 * math.log10(1 / (F.mse_loss(output, y).item() + 1e-9)) * n
                    similarity += ssim(output, y, self.window).item() * n
                    loss += F.cross_entropy(logits, c).item() * n
                    correct += (logits.argmax(1) == c).sum().item()
                    count += n
            values += [psnr / count, similarity / count, loss / count, 100 * correct / count]
        return values

    def check(self):
        return {"values": self.run()}


class Loader:
    """All images of a folder: decoded, resized, cropped, degraded and stacked, in one process."""

    def __init__(self, problem):
        self.problem = problem
        prepare = [transforms.CenterCrop(problem["crop"])]
        if problem["resize"]:
            prepare.insert(0, transforms.Resize(problem["resize"]))
        self.dataset = datasets.ImageFolder(problem["images"], transforms.Compose(prepare))
        self.scratch = os.path.join(problem["folder"], "peer.jpg")
        self.to_tensor = transforms.ToTensor()

    def degrade(self, image):
        if self.problem["degradation"] == "sr":
            return image.resize((image.width // self.problem["scale"], image.height // self.problem["scale"]), Image.BICUBIC)
        image.save(self.scratch, quality=10)
        return Image.open(self.scratch).convert("RGB")

    def pairs(self):
        size = self.problem["batch"]
        for start in range(0, len(self.dataset), size):
            images = [self.dataset[i][0] for i in range(start, min(start + size, len(self.dataset)))]
            inputs = torch.stack([self.to_tensor(self.degrade(image)) for image in images])
            yield inputs, torch.stack([self.to_tensor(image) for image in images])

    def run(self):
        for _ in self.pairs():
            pass

    def check(self):
        digest = hashlib.sha256()
        for x, y in self.pairs():
            digest.update(x.numpy().tobytes())
            digest.update(y.numpy().tobytes())
        return {"digest": digest.hexdigest()}


KINDS = {"step": Step, "evaluation": Evaluation, "loader": Loader, "ssim": SSIM, "checkpoint": Checkpoint}


def memory(name):
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(name + ":"):
                return 1024 * int(line.split()[1])


def main():
    with open(sys.argv[1]) as file:
        problem = json.load(file)
    torch.set_num_threads(problem["threads"])
    work = KINDS[problem["kind"]](problem)
    print("{}", flush=True)
    for line in sys.stdin:
        command, count = line.split()
        if command == "check":
            answer = work.check()
        else:
            if on_gpu(problem):
                torch.cuda.synchronize()
                torch.cuda.reset_peak_memory_stats()
            before = memory("VmRSS")
            start, cpu = time.perf_counter(), time.process_time()
            for _ in range(int(count)):
                work.run()
            if on_gpu(problem):
                torch.cuda.synchronize()
            answer = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu,
                      "before": before, "peak": memory("VmHWM"),
                      "gpu": torch.cuda.max_memory_allocated() if on_gpu(problem) else 0}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
