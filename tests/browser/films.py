"""Films for the fake camera: pictures one after another, made without any other program."""

import io
import random
from pathlib import Path

import zxingcpp
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from batteries.label_pictures import png

SIZE = (1280, 720)
FRAMES, EMPTY = 24, 6


def label(text: str, code: str) -> Image.Image:
    """A label as it is printed."""
    return Image.open(io.BytesIO(png(text, code))).convert("RGB")


def symbol(text: str, kind: str) -> Image.Image:
    """Another symbol: DataMatrix, Code128."""
    made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    drawn = memoryview(made.to_image(scale=3 if kind == "Code128" else 12))
    high, wide = drawn.shape[:2]
    return ImageOps.expand(Image.frombytes("L", (wide, high), drawn.tobytes()), 40, 255).convert("RGB")


def film(path: Path, picture: Image.Image, *, shaken: bool = False, dark: bool = False) -> Path:
    """Write a film that shows an empty dock, then the picture."""
    chance = random.Random(7)
    picture = picture.copy()
    picture.thumbnail((900, 460))
    with path.open("wb") as file:
        for number in range(FRAMES):
            frame = Image.new("RGB", SIZE, (120, 118, 112))
            if number >= EMPTY:
                reach = 40 if shaken else 0
                x, y = (chance.randint(-reach, reach) for _ in range(2))
                turned = picture.rotate(chance.uniform(-6, 6) if shaken else 0, expand=True, fillcolor=(120, 118, 112))
                frame.paste(turned, ((SIZE[0] - turned.width) // 2 + x, (SIZE[1] - turned.height) // 2 + y))
                if shaken:
                    frame = frame.filter(ImageFilter.GaussianBlur(1))
            if dark:
                frame = ImageEnhance.Brightness(frame).enhance(0.25)
            frame.save(file, "JPEG", quality=90, subsampling=2)
    return path
