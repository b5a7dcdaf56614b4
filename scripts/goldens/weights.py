"""Goldens of models/weights: files written by PyTorch 1.13 and what is in them.

    /usr/bin/python3 scripts/goldens/weights.py            writes testdata/weights/
    python3 scripts/goldens/weights.py check FILE          reads a safetensors file

The first form needs PyTorch and, for the recorded sums of real files, the folder
../shared/data/cifar10-resnets (the old record is kept where it is absent). Legacy
files name storages by their address in memory, so their bytes differ from run to
run; their tensors and sums do not.

The second form needs only the standard library. It reads and checks a safetensors
file by the format's published description, independently of the Go code, and
prints its tensors as JSON.
"""

import hashlib
import json
import os
import struct
import sys

OUT = "testdata/weights"
SIZES = {"F32": 4, "F64": 8, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


# --- safetensors by its description, standard library only ---------------------


def read_safetensors(path):
    """Returns (metadata, [(name, dtype, shape, bytes)]) in the order of the data."""
    with open(path, "rb") as f:
        blob = f.read()
    (length,) = struct.unpack("<Q", blob[:8])
    assert length <= 100_000_000 and 8 + length <= len(blob), "header length"
    text = blob[8 : 8 + length]
    assert text[:1] == b"{", "header begins with {"
    assert (8 + length) % 8 == 0, "data is aligned"

    def unique(pairs):
        assert len({k for k, _ in pairs}) == len(pairs), "duplicate names"
        return dict(pairs)

    header = json.loads(text.decode("utf-8"), object_pairs_hook=unique)
    assert text.rstrip(b" ")[-1:] == b"}", "padded with spaces only"
    metadata = header.pop("__metadata__", {})
    assert all(isinstance(v, str) for v in metadata.values()), "metadata is text"
    data, at, tensors = blob[8 + length :], 0, []
    for name, t in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        assert set(t) == {"dtype", "shape", "data_offsets"}, "fields"
        begin, end = t["data_offsets"]
        assert begin == at, "no gaps, no overlaps"
        elements = 1
        for d in t["shape"]:
            elements *= d
        assert end - begin == elements * SIZES[t["dtype"]], "size fits the shape"
        tensors.append((name, t["dtype"], t["shape"], data[begin:end]))
        at = end
    assert at == len(data), "the data ends with the last tensor"
    return metadata, tensors


def write_safetensors(path, metadata, tensors):
    """The canonical form: compact JSON, sorted metadata, padded with spaces to 8 bytes."""
    header, at = {}, 0
    if metadata:
        header["__metadata__"] = dict(sorted(metadata.items()))
    for name, dtype, shape, data in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(t[3] for t in tensors))


def describe(tensors):
    return [
        {"name": n, "dtype": d, "shape": s, "sha256": hashlib.sha256(b).hexdigest()} for n, d, s, b in tensors
    ]


def checksum(tensors):
    """What weights.Dict.Checksum documents."""
    h = hashlib.sha256()

    def number(n):
        h.update(struct.pack("<Q", n))

    def text(b):
        number(len(b))
        h.update(b)

    for name, dtype, shape, data in sorted(tensors, key=lambda t: t[0].encode()):
        text(name.encode())
        text(dtype.encode())
        number(len(shape))
        for d in shape:
            number(d)
        text(data)
    return h.hexdigest()


if len(sys.argv) == 3 and sys.argv[1] == "check":
    found_metadata, found = read_safetensors(sys.argv[2])
    print(json.dumps({"metadata": found_metadata, "tensors": describe(found), "checksum": checksum(found)}))
    sys.exit(0)


# --- files of PyTorch -------------------------------------------------------------

import argparse
import collections
import pickle
import types
import zipfile

import numpy as np
import torch
from torch import nn

DTYPES = {
    torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip


def flat(state_dict):
    """The tensors of a state dict as (name, dtype, shape, contiguous little-endian bytes)."""
    tensors = []
    for name, t in state_dict.items():
        t = t.detach().contiguous()
        raw = t.view(torch.int16) if t.dtype == torch.bfloat16 else t
        tensors.append((name, DTYPES[t.dtype], list(t.shape), raw.numpy().tobytes()))
    return tensors


expected = {}


def record(file, format, state_dict, metadata=None):
    tensors = flat(state_dict)
    expected[file] = {
        "format": format,
        "metadata": metadata or {},
        "tensors": describe(tensors),
        "checksum": checksum(tensors),
    }


def save(file, obj, state_dict, metadata=None, legacy=False, **options):
    """Saves obj, and records that its tensors are those of state_dict."""
    torch.save(obj, f"{OUT}/{file}", _use_new_zipfile_serialization=not legacy, **options)
    record(file, "pytorch-legacy" if legacy else "pytorch-zip", state_dict, metadata)


def net():
    return nn.Sequential(
        collections.OrderedDict(
            conv=nn.Conv2d(3, 4, 3, bias=False), bn=nn.BatchNorm2d(4), act=nn.PReLU(), fc=nn.Linear(4, 2)
        )
    )


class Python2Pickler(pickle._Pickler):
    """Pickles text as Python 2 did, and an OrderedDict as a call with its items."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_str(self, text):
        raw = text.encode("ascii")
        self.write(pickle.SHORT_BINSTRING + struct.pack("<B", len(raw)) + raw)
        self.memoize(text)

    dispatch[str] = save_str

    def reducer_override(self, obj):
        if type(obj) is collections.OrderedDict:
            return collections.OrderedDict, ([[k, v] for k, v in obj.items()],), obj.__dict__ or None
        return NotImplemented


PYTHON2 = types.SimpleNamespace(
    __name__="python2",
    Pickler=Python2Pickler, dump=lambda obj, f, protocol: Python2Pickler(f, protocol).dump(obj)
)


def save_parts():
    """Tensors that are parts of one storage, as PyTorch before 0.4 described them."""
    data = np.arange(24, dtype="<f4")

    class Part:
        def __init__(self, key, start, count):
            self.id = ("storage", torch.FloatStorage, "root", "cpu", 24, (key, start, count) if key else None)

    class View:
        def __init__(self, *args):
            self.args = args

        def __reduce__(self):
            return torch._utils._rebuild_tensor, self.args

    class Pickler(pickle._Pickler):
        def persistent_id(self, obj):
            return obj.id if isinstance(obj, Part) else None

    later = Part("part", 8, 12)
    obj = collections.OrderedDict(
        whole=View(Part(None, 0, 0), 0, (24,), (1,)),
        part=View(later, 2, (2, 3), (3, 1)),
        turned=View(later, 0, (3, 2), (1, 6)),
    )
    file = "parts.th"
    with open(f"{OUT}/{file}", "wb") as f:
        for value in (torch.serialization.MAGIC_NUMBER, 1001, {"little_endian": True}):
            pickle.dump(value, f, protocol=2)
        Pickler(f, 2).dump(obj)
        pickle.dump(["root"], f, protocol=2)
        f.write(struct.pack("<q", 24) + data.tobytes())
    record(file, "pytorch-legacy", torch.load(f"{OUT}/{file}"))


def rezip(source, file, compression=zipfile.ZIP_STORED, change=None, extra=()):
    """Copies a zip file record by record."""
    with zipfile.ZipFile(f"{OUT}/{source}") as old, zipfile.ZipFile(f"{OUT}/{file}", "w", compression) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(zipfile.ZipInfo(name), change(name, data) if change else data, compression)
        for name, data in extra:
            new.writestr(zipfile.ZipInfo(name), data, compression)


def write_good():
    torch.manual_seed(0)
    model = net()
    sd = model.state_dict()
    save("zip.pth", sd, sd)
    save("legacy.th", sd, sd, legacy=True)
    save("python2.th", sd, sd, legacy=True, pickle_module=PYTHON2)
    save("protocol4.pth", sd, sd, pickle_protocol=4)
    save("protocol4.th", sd, sd, legacy=True, pickle_protocol=4)

    wrapped = nn.DataParallel(model)
    optimizer = torch.optim.Adam(wrapped.parameters())
    for p in wrapped.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    sd = wrapped.state_dict()
    checkpoint = {
        "epoch": 7, "arch": "tiny", "state_dict": sd, "best_prec1": torch.tensor(91.5), "loss": 0.25,
        "resumed": True, "optimizer": optimizer.state_dict(), "nothing": None,
    }  # fmt: skip
    told = {"epoch": "7", "arch": "tiny", "loss": "0.25", "resumed": "true"}
    save("checkpoint.pth", checkpoint, sd, told)
    save("checkpoint.th", checkpoint, sd, told, legacy=True)
    small = {"w": torch.arange(6.0).reshape(2, 3)}
    save("net_key.pth", {"net": small, "acc": 93.25}, small, {"acc": "93.25"})
    beside = {
        "model": small, "args": argparse.Namespace(lr=0.1, layers=[1, 2]), "score": np.float64(3.5),
        "curve": np.arange(3.0), "counter": collections.Counter("abca"), "size": torch.Size([1, 2]),
        "device": torch.device("cpu"), "dtype": torch.float32, "set": {1, 2}, "bytes": b"xyz",
        "many": collections.defaultdict(list, a=[1]), "long": 1 << 80, "negative": -5,
    }  # fmt: skip
    save("beside.pth", beside, small, {"negative": "-5"})

    base = torch.arange(120, dtype=torch.float32).reshape(4, 5, 6)
    cube = torch.arange(2 * 3 * 4 * 5, dtype=torch.float32).reshape(2, 3, 4, 5)
    views = collections.OrderedDict(
        base=base,
        same=base,
        transposed=base.transpose(0, 2),
        narrowed=base[1:3, 2:, 1:4],
        stepped=base[::2, ::3, ::2],
        row=base[2, 3],
        element=base[3, 4, 5],
        last=base.reshape(-1)[60:],
        expanded=torch.tensor([[1.0], [2.0]]).expand(2, 3),
        channels_last=cube.to(memory_format=torch.channels_last),
        half_turned=torch.arange(6, dtype=torch.float16).reshape(2, 3).t(),
        bytes_turned=torch.arange(6, dtype=torch.uint8).reshape(2, 3).t(),
        ones_in_shape=base[:1, :, :1],
        empty=torch.zeros(0, 3),
        empty_part=base[:, 5:, :],
        scalar=torch.tensor(2.5),
    )
    save("views.pth", views, views)
    save("views.th", views, views, legacy=True)

    odd = [0.0, -0.0, 1.0, -1.5, 65504.0, 6e-8, float("inf"), float("-inf"), float("nan"), 1 / 3]
    kinds = collections.OrderedDict()
    for dtype, name in DTYPES.items():
        values = odd if dtype.is_floating_point else [0, 1, 1, 0, 1]
        if not dtype.is_floating_point and dtype != torch.bool:
            info = torch.iinfo(dtype)
            values = [0, 1, info.min, info.max, 100]
        kinds[name.lower()] = torch.tensor(values, dtype=torch.float64 if dtype.is_floating_point else dtype).to(dtype)
    save("dtypes.pth", kinds, kinds)
    save("dtypes.th", kinds, kinds, legacy=True)

    def swap(name, data):
        folder, _, key = name.rpartition("/")
        if not folder.endswith("/data"):
            return data
        width = list(kinds.values())[int(key)].element_size()
        return np.frombuffer(data, f"<u{width}").byteswap().tobytes()

    rezip("dtypes.pth", "big_endian.pth", change=swap, extra=[("dtypes/byteorder", b"big")])
    record("big_endian.pth", "pytorch-zip", kinds)

    def _rebuild_parameter_with_state(data, requires_grad, hooks, state):  # as in PyTorch 2
        return nn.Parameter(data, requires_grad)

    _rebuild_parameter_with_state.__module__ = "torch._utils"
    _rebuild_parameter_with_state.__qualname__ = "_rebuild_parameter_with_state"
    torch._utils._rebuild_parameter_with_state = _rebuild_parameter_with_state

    class WithState:
        def __reduce__(self):
            return _rebuild_parameter_with_state, (small["w"] + 1, True, collections.OrderedDict(), {"tag": 1})

    tagged = torch.arange(3.0)
    tagged.tag = "python attribute"
    parameters = {
        "parameter": nn.Parameter(torch.arange(4.0)),
        "tagged": tagged,
        "with_state": WithState(),
        "view": nn.Parameter(torch.arange(6.0).reshape(2, 3).t()),
    }
    save("parameters.pth", parameters, {**parameters, "with_state": small["w"] + 1})
    save_parts()


def write_bad():
    small = {"w": torch.arange(6.0).reshape(2, 3)}
    other = {"w": torch.zeros(1)}

    class Runs:
        def __reduce__(self):
            return os.system, ("echo this must not run",)

    bad = {
        "two_nets.pth": {"generator": small, "discriminator": other, "epoch": 1},
        "both_keys.pth": {"model": small, "state_dict": other},
        "deeper.pth": {"model": {"w": torch.zeros(1), "head": small}},
        "tensor.pth": torch.zeros(2),
        "list.pth": [torch.zeros(2)],
        "numbers.pth": {"epoch": 1, "lr": 0.1},
        "runs_code.pth": {"state_dict": small, "extra": Runs()},
        "whole_model.pth": nn.Linear(2, 2),
        "complex.pth": {"w": torch.zeros(2, dtype=torch.complex64)},
        "sparse.pth": {"w": torch.eye(2).to_sparse()},
        "unnamed.pth": {0: torch.zeros(2)},
    }
    for file, obj in bad.items():
        torch.save(obj, f"{OUT}/bad/{file}")
    torch.save(nn.Linear(2, 2), f"{OUT}/bad/whole_model.th", _use_new_zipfile_serialization=False)
    with open(f"{OUT}/bad/pickle.pkl", "wb") as f:
        pickle.dump({"w": [1.0, 2.0]}, f, protocol=2)
    rezip("zip.pth", "bad/compressed.pth", zipfile.ZIP_DEFLATED)
    rezip("zip.pth", "bad/short_storage.pth", change=lambda n, d: d[:-4] if n.endswith("/data/0") else d)
    rezip("zip.pth", "bad/torchscript.pth", extra=[("zip/constants.pkl", b"")])
    with zipfile.ZipFile(f"{OUT}/bad/not_torch.zip", "w") as z:
        z.writestr(zipfile.ZipInfo("folder/readme.txt"), "a zip file of something else")


def write_safetensors_goldens():
    tensors = [
        ("z.weight", "F32", [2, 3], np.arange(6, dtype="<f4").tobytes()),
        ("a.flags", "BOOL", [3], b"\x01\x00\x01"),
        ("steps", "I64", [], struct.pack("<q", 42)),
        ("none", "F16", [0, 4], b""),
        ('quo"te\\é<&>', "U8", [2], b"\xff\x00"),
    ]
    metadata = {"format": "pt", "a": "<b> & \u00fc"}
    write_safetensors(f"{OUT}/canonical.safetensors", metadata, tensors)
    sums = {"metadata": metadata, "tensors": describe(tensors), "checksum": checksum(tensors)}
    expected["canonical.safetensors"] = {"format": "safetensors", **sums}
    # The same tensors with names in another order than the data, and loose JSON.
    header, at = {}, 0
    for name, dtype, shape, data in tensors:
        header[name] = {"data_offsets": [at, at + len(data)], "shape": shape, "dtype": dtype}
        at += len(data)
    header = dict(reversed(header.items())) | {"__metadata__": metadata}
    text = json.dumps(header, indent=1).encode() + b"\n  "
    with open(f"{OUT}/loose.safetensors", "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(t[3] for t in tensors))
    expected["loose.safetensors"] = {"format": "safetensors", **sums}


def conversions():
    """float32 bits of every binary16 and bfloat16, and of some doubles; any NaN as 7fc00000."""

    def sha(floats):
        bits = np.asarray(floats, dtype="<f4").view("<u4").copy()
        bits[np.isnan(floats)] = 0x7FC00000
        return hashlib.sha256(bits.tobytes()).hexdigest()

    every = np.arange(65536, dtype="<u2")
    stream = np.random.default_rng(0)
    doubles = np.concatenate(
        [stream.integers(0, 2**64, 64, dtype=np.uint64).view("<f8"), stream.normal(size=192), [1 + 2**-24, 1 + 3 * 2**-24]]
    )
    with np.errstate(over="ignore"):
        narrowed = doubles.astype("<f4")
    return {
        "every F16": sha(every.view("<f2").astype("<f4")),
        "every BF16": sha(torch.from_numpy(every.view("<i2")).view(torch.bfloat16).float().numpy()),
        "doubles": doubles.tobytes().hex(),
        "every double": sha(narrowed),
    }


def real_files():
    """Counts and sums of the CIFAR ResNets, under the names without module."""
    folder, found = "../shared/data/cifar10-resnets", {}
    if not os.path.isdir(folder):
        with open(f"{OUT}/expected.json") as f:
            return json.load(f)["real"]
    for file in sorted(os.listdir(folder)):
        checkpoint = torch.load(f"{folder}/{file}", map_location="cpu")
        tensors = flat({k.removeprefix("module."): v for k, v in checkpoint["state_dict"].items()})
        found[file] = {
            "tensors": len(tensors),
            "elements": sum(int(np.prod(t[2], dtype=np.int64)) for t in tensors),
            "checksum": checksum(tensors),
            "best_prec1": repr(checkpoint["best_prec1"]),
        }
    return found


def main():
    os.makedirs(f"{OUT}/bad", exist_ok=True)
    write_good()
    write_bad()
    write_safetensors_goldens()
    answers = {"files": expected, "conversions": conversions(), "real": real_files()}
    with open(f"{OUT}/expected.json", "w") as f:
        json.dump(answers, f, indent=1, ensure_ascii=False)
        f.write("\n")


if __name__ == "__main__":
    main()
