"""Goldens of data/imaging, made by Pillow and torchvision.

Run from the repository root: /usr/bin/python3 scripts/goldens/imaging.py
Writes testdata/imaging/: source.png, from which Go cuts the same crops;
decode/ with one file per kind of JPEG and PNG; and goldens.json with the
SHA-256 of what Pillow makes of them. Nothing here depends on other files.
"""

import hashlib
import io
import json
import pathlib
import struct
import tempfile
import zlib

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision.transforms import functional as F

OUT = pathlib.Path("testdata/imaging")
FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
random = np.random.RandomState(20190910)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def picture(width, height):
    """A colourful picture: gradients, edges, fine stripes and a noisy corner."""
    y, x = np.mgrid[0:height, 0:width]
    image = np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], -1)
    image[(x - 60) ** 2 + (y - 70) ** 2 < 900] = (230, 20, 40)
    image[(x // 3 % 2 == 0) & (y > 150) & (x < 90)] = (250, 250, 5)
    image[(abs(x - y) < 3)] = (10, 10, 245)
    corner = image[20:130, 120:220]
    noise = random.normal(0, 40, corner.shape)
    image[20:130, 120:220] = np.clip(corner + noise, 0, 255) // 4 * 4
    image[150:158, 150:158] = random.randint(0, 2, (8, 8, 3)) * 255  # overshoots of bicubic must clip
    return Image.fromarray(image.astype(np.uint8))


def crop_cases(source):
    """Rectangles of the source by name; Go cuts the same ones."""
    boxes = {
        "whole": (0, 0, source.width, source.height),
        "crop224": (5, 1, 224, 224),
        "square32": (140, 140, 32, 32),
        "square96": (112, 16, 96, 96),
        "wide": (100, 50, 97, 41),
        "tall": (130, 20, 37, 93),
        "tiny": (121, 25, 3, 5),
        "row": (110, 60, 50, 1),
        "column": (150, 22, 1, 50),
        "pixel": (125, 33, 1, 1),
        "nearly": (140, 30, 65, 63),
    }
    return {name: (box, source.crop((box[0], box[1], box[0] + box[2], box[1] + box[3]))) for name, box in boxes.items()}


def resize_goldens(crops):
    sizes = {
        "whole": [(56, 56), (230, 100), (100, 226), (341, 256), (224, 224)],
        "crop224": [(56, 56), (112, 112), (224, 224), (7, 3)],
        "square32": [(16, 16), (64, 64), (128, 128), (8, 8), (33, 31), (1, 1)],
        "square96": [(48, 48), (192, 192), (24, 24), (384, 384), (95, 97), (96, 50), (50, 96), (13, 200)],
        "wide": [(41, 97), (24, 10), (194, 82), (388, 164), (97, 1), (1, 41), (90, 40)],
        "tall": [(93, 37), (9, 23), (74, 186), (148, 372), (36, 94), (37, 93)],
        "tiny": [(12, 20), (1, 1), (2, 3), (224, 224), (3, 50), (64, 5)],
        "row": [(25, 1), (100, 1), (200, 4), (7, 7), (1, 1)],
        "column": [(1, 25), (1, 100), (4, 200), (7, 7), (1, 1)],
        "pixel": [(1, 1), (2, 2), (9, 4), (1, 30), (30, 1)],
        "nearly": [(64, 64), (66, 64), (65, 62), (21, 21), (130, 126), (32, 31)],
    }
    # Odd rows and widths around the blocks in which the loops work.
    sizes["wide"] += [(w, h) for w in (20, 21, 22, 42, 43) for h in (3, 4, 5, 6, 43)]
    cases = []
    for name, targets in sizes.items():
        for filter_name, pil_filter in FILTERS.items():
            for size in targets:
                result = crops[name][1].resize(size, pil_filter)
                cases.append(dict(crop=name, filter=filter_name, width=size[0], height=size[1], sha256=sha(result.tobytes())))
    return cases


def shorter_goldens(crops):
    cases = []
    for name, size in [("whole", 57), ("wide", 32), ("wide", 41), ("tall", 56), ("tiny", 7), ("row", 3), ("column", 2), ("square32", 9)]:
        result = F.resize(crops[name][1], size)
        cases.append(dict(crop=name, size=size, width=result.width, height=result.height, sha256=sha(result.tobytes())))
    return cases


def center_goldens(crops):
    """Differences of every residue modulo 4, and pictures that are too small."""
    cases = []
    for name, width, height in [
        ("wide", 32, 32), ("wide", 94, 40), ("wide", 95, 39), ("wide", 96, 38), ("wide", 97, 37), ("wide", 91, 36),
        ("wide", 92, 35), ("wide", 97, 41), ("wide", 98, 42), ("wide", 99, 43), ("wide", 20, 60), ("wide", 120, 11),
        ("tall", 40, 100), ("tall", 50, 20), ("tiny", 224, 224), ("whole", 224, 224), ("pixel", 2, 3),
    ]:
        result = F.center_crop(crops[name][1], (height, width))
        cases.append(dict(crop=name, width=width, height=height, sha256=sha(result.tobytes())))
    return cases


def jpeg_bytes(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def encode_goldens(crops):
    cases = []
    for name, (_, image) in crops.items():
        for quality in (1, 10, 50, 75, 90, 95, 96, 100) if name in ("square32", "wide") else (10,):
            data = jpeg_bytes(image, quality=quality)
            reloaded = Image.open(io.BytesIO(data)).convert("RGB")
            cases.append(dict(crop=name, quality=quality, file_sha256=sha(data), reload_sha256=sha(reloaded.tobytes())))
    return cases


def segments(data):
    """The marker segments of a JPEG file up to its first scan, and the rest."""
    parts, at = [], 2
    while data[at + 1] != 0xDA:
        end = at + 2 + struct.unpack(">H", data[at + 2:at + 4])[0]
        parts.append(data[at:end])
        at = end
    return parts, data[at:]


def edit(data, change):
    """The JPEG file with its marker segments passed through change."""
    parts, rest = segments(data)
    return data[:2] + b"".join(change(parts)) + rest


def adobe(transform):
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])


def without(*markers):
    return lambda parts: [p for p in parts if p[1] not in markers]


def odd_sampling(factors, width, height):
    """A baseline JPEG with the given sampling factors, of DC coefficients only."""
    def table(index, symbols):  # 15 codes of length 4
        return bytes([index, 0, 0, 0, len(symbols)] + [0] * 12) + bytes(symbols)

    def segment(marker, body):
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body

    h_max, v_max = max(f[0] for f in factors), max(f[1] for f in factors)
    bits = ""
    last = [0] * len(factors)
    for _ in range(-(-width // (8 * h_max)) * -(-height // (8 * v_max))):
        for c, (h, v) in enumerate(factors):
            for _ in range(h * v):
                value = int(random.randint(-60, 60))
                difference, last[c] = value - last[c], value
                size = abs(difference).bit_length()
                low = difference if difference > 0 else difference + (1 << size) - 1
                bits += format(size, "04b") + (format(low, "0%db" % size) if size else "") + "0000"
    bits += "1" * (-len(bits) % 8)
    scan = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8)).replace(b"\xff", b"\xff\x00")
    frame = struct.pack(">BHHB", 8, height, width, len(factors))
    frame += b"".join(bytes([i + 1, h * 16 + v, 0]) for i, (h, v) in enumerate(factors))
    start = bytes([len(factors)]) + b"".join(bytes([i + 1, 0]) for i in range(len(factors))) + bytes([0, 63, 0])
    return (b"\xff\xd8" + segment(0xDB, bytes([0] + [16] * 64)) + segment(0xC0, frame)
            + segment(0xC4, table(0x00, range(12))) + segment(0xC4, table(0x10, [0])) + segment(0xDA, start)
            + scan + b"\xff\xd9")


def jpeg_files(crops):
    noisy, tall = crops["square32"][1], crops["tall"][1]
    cmyk = Image.merge("CMYK", [Image.fromarray(random.randint(0, 256, (19, 26), dtype=np.uint8)) for _ in range(4)])
    smooth = Image.merge("CMYK", crops["wide"][1].split() + (crops["wide"][1].convert("L").rotate(180),))
    cmyk_data = jpeg_bytes(cmyk, quality=95)
    full = jpeg_bytes(tall, quality=90, subsampling=0)
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees
    files = {
        "rgb-420.jpg": jpeg_bytes(tall, quality=75),
        "rgb-422.jpg": jpeg_bytes(tall, quality=75, subsampling=1),
        "rgb-444.jpg": full,
        "progressive.jpg": jpeg_bytes(tall, quality=60, progressive=True),
        "optimized.jpg": jpeg_bytes(noisy, quality=30, optimize=True),
        "grey.jpg": jpeg_bytes(tall.convert("L"), quality=80),
        "grey-progressive.jpg": jpeg_bytes(tall.convert("L"), quality=80, progressive=True),
        "one-pixel.jpg": jpeg_bytes(crops["pixel"][1]),
        "exif-orientation.jpg": jpeg_bytes(tall, quality=50, exif=exif),
        "no-jfif.jpg": edit(full, without(0xE0)),
        "adobe-rgb.jpg": edit(full, lambda parts: [adobe(0)] + without(0xE0)(parts)),
        "adobe-unknown-transform.jpg": edit(full, lambda parts: [adobe(9)] + without(0xE0)(parts)),
        "cmyk.jpg": cmyk_data,
        "cmyk-smooth.jpg": jpeg_bytes(smooth, quality=80),
        "cmyk-no-adobe.jpg": edit(cmyk_data, without(0xEE)),
        "ycck.jpg": edit(jpeg_bytes(smooth, quality=85), lambda parts: [adobe(2)] + without(0xEE)(parts)),
        "jfif-version-9.jpg": full.replace(b"JFIF\x00\x01", b"JFIF\x00\x09", 1),
        "trailing-bytes.jpg": full + b"left by a camera",
        "padding-before-end.jpg": full[:-2] + b"padding" + full[-2:],
        "sampling-410.jpg": odd_sampling([(4, 2), (1, 1), (1, 1)], 45, 37),
        "sampling-440.jpg": odd_sampling([(1, 2), (1, 1), (1, 1)], 23, 37),
        "sampling-411.jpg": odd_sampling([(4, 1), (1, 1), (1, 1)], 45, 19),
        "sampling-mixed.jpg": odd_sampling([(2, 2), (1, 2), (2, 1)], 45, 37),
    }
    return files


def png_bytes(image, **options):
    out = io.BytesIO()
    image.save(out, "PNG", **options)
    return out.getvalue()


def raw_png(samples, depth, color_type, extra=b"", interlaced=False):
    """A PNG file of samples (H,W,C), for the kinds that Pillow cannot write."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    def lines(part):
        raw = b""
        for row in part:
            bits = "".join(format(int(v), "0%db" % depth) for v in row.reshape(-1))
            bits += "0" * (-len(bits) % 8)
            raw += b"\x00" + bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
        return raw

    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    parts = [samples[y::dy, x::dx] for y, x, dy, dx in passes] if interlaced else [samples]
    raw = b"".join(lines(p) for p in parts if p.size)
    header = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], depth, color_type, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


def extra_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_files(crops):
    image = crops["tiny"][1].resize((21, 13), Image.BICUBIC)
    pixels = np.asarray(image)
    alpha = Image.fromarray(random.randint(0, 256, (13, 21), dtype=np.uint8))
    deep = lambda channels: random.randint(0, 1 << 16, (13, 21, channels))
    palette = random.randint(0, 256, (16, 3), dtype=np.uint8).tobytes()
    indexed = image.quantize(13)
    return {
        "rgb.png": png_bytes(image),
        "rgba.png": png_bytes(Image.merge("RGBA", image.split() + (alpha,))),
        "rgb-transparent.png": png_bytes(image, transparency=tuple(int(v) for v in pixels[3, 4])),
        "grey.png": png_bytes(image.convert("L")),
        "grey-transparent.png": png_bytes(image.convert("L"), transparency=int(np.asarray(image.convert("L"))[2, 2])),
        "grey-alpha.png": png_bytes(Image.merge("LA", (image.convert("L"), alpha))),
        "bilevel.png": png_bytes(image.convert("1")),
        "palette.png": png_bytes(indexed),
        "palette-transparent.png": png_bytes(indexed, transparency=bytes([0, 128, 255])),
        "grey-2bit.png": raw_png(random.randint(0, 4, (13, 21, 1)), 2, 0),
        "grey-4bit.png": raw_png(random.randint(0, 16, (13, 21, 1)), 4, 0),
        "palette-4bit.png": raw_png(random.randint(0, 16, (13, 21, 1)), 4, 3, extra_chunk(b"PLTE", palette)),
        "rgb-interlaced.png": raw_png(pixels, 8, 2, interlaced=True),
        "rgb-gamma.png": raw_png(pixels, 8, 2, extra_chunk(b"gAMA", struct.pack(">I", 100000))),
        "rgb-16bit.png": raw_png(deep(3), 16, 2),
        "rgb-16bit-transparent.png": raw_png(deep(3), 16, 2, extra_chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3))),
        "rgba-16bit.png": raw_png(deep(4), 16, 6),
        "grey-alpha-16bit.png": raw_png(deep(2), 16, 4),
    }


def decode_goldens(crops):
    cases = []
    for file, data in {**jpeg_files(crops), **png_files(crops)}.items():
        (OUT / "decode" / file).write_bytes(data)
        image = Image.open(io.BytesIO(data)).convert("RGB")
        cases.append(dict(file=file, width=image.width, height=image.height, sha256=sha(image.tobytes())))
    return cases


def deep_grey_golden():
    """16-bit grey is the one kind that is read differently on purpose."""
    samples = random.randint(0, 1 << 16, (13, 21, 1))
    data = raw_png(samples, 16, 0)
    (OUT / "decode" / "grey-16bit.png").write_bytes(data)
    high = np.repeat(samples >> 8, 3, -1).astype(np.uint8)
    pillow = Image.open(io.BytesIO(data)).convert("RGB")
    return dict(file="grey-16bit.png", width=21, height=13, high_byte_sha256=sha(high.tobytes()), pillow_sha256=sha(pillow.tobytes()))


def cmyk_golden():
    """All C against all K, and so every rounding, with M and Y that Go computes too."""
    inks = np.zeros((256, 256, 4), np.uint8)
    k, c = np.mgrid[0:256, 0:256]
    inks[..., 0], inks[..., 1], inks[..., 2], inks[..., 3] = c, 255 - c, (7 * c + 13 * k) % 256, k
    # In the file, and so in Go, 255 means no ink; in Pillow, 0 does.
    return sha(Image.frombytes("CMYK", (256, 256), (255 - inks).tobytes()).convert("RGB").tobytes())


def planar_goldens(source):
    """torchvision's ToTensor of the source, and save_image of awkward floats."""
    values = np.concatenate([
        np.arange(0, 511, dtype=np.float32) / np.float32(510),  # halves: all ties
        np.nextafter(np.arange(0, 511, dtype=np.float32) / np.float32(510), np.float32(-1)),
        np.array([-1e30, -1, -0.0019, -0.0, 1.0001, 2, 1e30, np.inf, -np.inf, 1e-30], np.float32),
        random.normal(0.5, 0.4, 1024 - 510).astype(np.float32),
    ]).astype(np.float32)
    values = values[:len(values) // 6 * 6]
    values.tofile(OUT / "planes.f32")
    height = 2
    width = len(values) // 6
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        torchvision.utils.save_image(torch.from_numpy(values).reshape(3, height, width), file.name)
        saved = Image.open(file.name).convert("RGB")
    tensor = F.to_tensor(source)
    return dict(to_tensor_sha256=sha(tensor.numpy().astype("<f4").tobytes()), width=width, height=height, save_image_sha256=sha(saved.tobytes()))


def main():
    (OUT / "decode").mkdir(parents=True, exist_ok=True)
    source = picture(233, 229)
    source.save(OUT / "source.png", optimize=True)
    crops = crop_cases(source)
    goldens = dict(
        made_by=f"scripts/goldens/imaging.py, Pillow {PIL.__version__}, torchvision {torchvision.__version__}",
        source_sha256=sha(source.tobytes()),
        crops={name: dict(x=b[0], y=b[1], width=b[2], height=b[3], sha256=sha(i.tobytes())) for name, (b, i) in crops.items()},
        resize=resize_goldens(crops),
        resize_shorter=shorter_goldens(crops),
        center_crop=center_goldens(crops),
        encode_jpeg=encode_goldens(crops),
        decode=decode_goldens(crops),
        decode_differently=deep_grey_golden(),
        cmyk_sha256=cmyk_golden(),
        flip_sha256=sha(F.hflip(source).tobytes()),
        planar=planar_goldens(source),
    )
    text = json.dumps(goldens)
    text = text.replace("}, ", "},\n").replace(": [{", ": [\n{").replace("], ", "],\n")
    (OUT / "goldens.json").write_text(text + "\n")


main()
