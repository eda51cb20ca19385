"""Pictures as phones, scanners, printers and web pages write them come out upright, of 8 bits and opaque."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from edgedigits.core.datasets import load_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.pictures.loading import read_picture
from edgedigits.edge import DigitReader, bundled_model

ORIENTATION = 0x0112
PAPER, INK = 230, 25


@pytest.fixture(scope="module")
def drawing() -> np.ndarray:
    """Grey, 40 high and 60 wide: dark ink on light paper, in a form that no turning leaves as it is."""
    picture = np.full((40, 60), PAPER, np.uint8)
    picture[5:35, 8:14] = picture[5:11, 8:50] = picture[20:25, 8:30] = INK
    return picture


def rgb(grey: np.ndarray) -> Image.Image:
    return Image.fromarray(np.stack([grey] * 3, axis=-1))


def apart(path: Path, grey: np.ndarray) -> float:
    found = read_picture(path)
    assert found.dtype == np.uint8
    assert found.shape == (*grey.shape, 3)
    return float(np.abs(found.astype(int) - grey[..., np.newaxis]).mean())


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_their_exif_data_say(tmp_path, drawing, suffix, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    rgb(drawing).save(tmp_path / f"a.{suffix}", exif=exif, **({"lossless": True} if suffix == "webp" else {}))
    with Image.open(tmp_path / f"a.{suffix}") as stored:
        upright = np.asarray(ImageOps.exif_transpose(stored).convert("L"))
    assert apart(tmp_path / f"a.{suffix}", upright) < 3


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_transparent_pictures_are_turned_too(tmp_path, drawing, suffix):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    ink = Image.merge("RGBA", [*Image.new("RGB", (60, 40)).split(), Image.fromarray((drawing == INK) * np.uint8(255))])
    ink.save(tmp_path / f"a.{suffix}", exif=exif, **({"lossless": True} if suffix == "webp" else {}))
    assert apart(tmp_path / f"a.{suffix}", np.rot90(np.where(drawing == INK, 0, 255), -1)) < 1


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_sixteen_bits_are_taken_as_far_as_they_are_filled(tmp_path, drawing, bits):
    deep = np.rint(drawing / 255 * (2**bits - 1)).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), deep)
    cv2.imwrite(str(tmp_path / "a.tif"), deep)
    assert apart(tmp_path / "a.png", drawing) < 1
    assert apart(tmp_path / "a.tif", drawing) < 1


@pytest.mark.parametrize("most", [1, 255])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_floats_are_taken_from_both_usual_ranges(tmp_path, drawing, most, kind):
    cv2.imwrite(str(tmp_path / "a.tif"), (drawing / 255 * most).astype(kind))
    assert apart(tmp_path / "a.tif", drawing) < 1


@pytest.mark.parametrize(("value", "says"), [(-0.5, "floats from -0.5 to"), (4000, "to 4000"), (np.nan, "nan")])
def test_other_floats_are_an_error_that_says_so(tmp_path, drawing, value, says):
    odd = (drawing / 255).astype(np.float32)
    odd[3, 3] = value
    cv2.imwrite(str(tmp_path / "a.tif"), odd)
    with pytest.raises(EdgedigitsError, match=says):
        read_picture(tmp_path / "a.tif")


def test_whole_numbers_of_32_bits_are_an_error_that_says_so(tmp_path, drawing):
    Image.fromarray(drawing.astype(np.int32)).save(tmp_path / "a.tif")
    with pytest.raises(EdgedigitsError, match="int32 pixels; save it with 8 bits"):
        read_picture(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_printing_inks_become_what_they_look_like(tmp_path, drawing, suffix):
    rgb(drawing).convert("CMYK").save(tmp_path / f"a.{suffix}")
    assert apart(tmp_path / f"a.{suffix}", drawing) < 4


def test_palettes_and_single_bits_become_grey(tmp_path, drawing):
    rgb(drawing).quantize(8).save(tmp_path / "palette.png")
    assert apart(tmp_path / "palette.png", drawing) < 2
    black = np.where(drawing == INK, 0, 255).astype(np.uint8)
    for name in ("bit.png", "bit.tif"):
        Image.fromarray(black).convert("1").save(tmp_path / name)
        assert apart(tmp_path / name, black) == 0


def strokes(drawing: np.ndarray, colour: int) -> np.ndarray:
    """BGRA: ink of a grey level on a transparent ground whose colour nobody sees."""
    picture = np.zeros((*drawing.shape, 4), np.uint8)
    picture[drawing == INK] = (colour, colour, colour, 255)
    return picture


@pytest.mark.parametrize(("colour", "ground"), [(0, 255), (90, 255), (160, 0), (255, 0)])
def test_transparent_ground_is_white_under_dark_ink_and_black_under_light_ink(tmp_path, drawing, colour, ground):
    cv2.imwrite(str(tmp_path / "a.png"), strokes(drawing, colour))
    assert apart(tmp_path / "a.png", np.where(drawing == INK, colour, ground)) == 0


def test_a_sheet_that_was_cut_out_lies_on_white(tmp_path, drawing):
    """Its paper is light and opaque, but there is dark ink on it."""
    sheet = np.zeros((120, 160, 4), np.uint8)
    sheet[40:80, 50:110] = (*[0] * 3, 255)
    sheet[40:80, 50:110, :3] = drawing[..., np.newaxis]
    cv2.imwrite(str(tmp_path / "a.png"), sheet)
    assert (read_picture(tmp_path / "a.png")[0, 0] == 255).all()


def test_what_a_web_canvas_saves_is_read(data_folder):
    path = data_folder / "cases" / "photos" / "425_white_on_transparent.png"
    if not path.is_file():
        pytest.skip(f"no {path}")
    reader = DigitReader(bundled_model())
    assert reader.read_file(path).text == "425"
    assert reader.read(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)).text == "425"


def test_light_strokes_are_learned_as_dark_ones_are(tmp_path):
    digit = load_dataset("optdigits").pool.images[5]
    for folder, colour in (("0", 255), ("1", 0)):
        (tmp_path / folder).mkdir()
        picture = np.full((*digit.shape, 4), colour, np.uint8)
        picture[..., 3] = digit
        cv2.imwrite(str(tmp_path / folder / "a.png"), picture)
    with pytest.warns(match="no pictures of"):
        light, dark = load_dataset(f"folder:{tmp_path}").pool.images
    assert np.abs(light.astype(int) - dark).mean() < 3


def test_a_photo_of_a_phone_that_was_held_upright_is_learned_upright(tmp_path):
    digit = cv2.resize(load_dataset("optdigits").pool.images[5], (140, 140))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    for folder, pixels, more in (("0", 255 - digit, {}), ("1", np.rot90(255 - digit), {"exif": exif})):
        (tmp_path / folder).mkdir()
        rgb(np.ascontiguousarray(pixels)).save(tmp_path / folder / "a.jpg", quality=100, **more)
    with pytest.warns(match="no pictures of"):
        straight, turned = load_dataset(f"folder:{tmp_path}").pool.images
    assert np.abs(straight.astype(int) - turned).mean() < 6  # lying on its side it would be 40


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"no picture", "is text, not a picture; give a JPEG or PNG file"),
        ("gr\u00fc\u00dfe \u6570\n".encode() * 200, "is text, not a picture"),
        (bytes(range(256)), "no picture that OpenCV reads, or it is damaged; give a JPEG or PNG file"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "is a JPEG that is cut short or damaged; copy it again"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a PNG that is cut short or damaged; copy it again"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "is a WebP that is cut short"),
        (b"II*\0\x08\0\0\0", "is a TIFF that OpenCV does not read"),
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF, not a picture; save its pages as JPEG or PNG"),
        (b"PK\3\4\x14\0", "is an archive or a document, not a picture"),
        (b"RIFF\x24\0\0\0AVI LIST", r"is a video, not a picture; `edgedigits camera --source .*a\.jpg` reads videos"),
        (b"\0\0\0\x20ftypisom\0\0", "is a video"),
        (b"<?xml version='1.0'?>\n<svg xmlns='x'/>", "is an SVG drawing.*save it as PNG"),
        (b"<!DOCTYPE html><title>404</title>", "is a web page.*download the picture itself"),
        (b"GIF89a\1\0", "is a GIF that OpenCV does not read here; save it as JPEG or PNG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is a HEIC picture.*JPEG"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0a\nsize 5\n", "Git LFS pointer.*git lfs pull"),
    ],
)
def test_files_that_are_no_pictures_are_told_apart(tmp_path, content, says):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(EdgedigitsError, match=says):
        read_picture(tmp_path / "a.jpg")


def test_exif_data_that_make_no_sense_do_no_harm(tmp_path, drawing):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    rgb(drawing).save(tmp_path / "a.jpg", exif=exif)
    whole = (tmp_path / "a.jpg").read_bytes()
    start = whole.index(b"Exif\0\0")
    for place in range(6, 14):
        (tmp_path / "b.jpg").write_bytes(whole[: start + place] + b"\xff" * 2 + whole[start + place + 2 :])
        assert read_picture(tmp_path / "b.jpg").size == 3 * drawing.size
