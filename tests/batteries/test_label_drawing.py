"""Labels as pictures and sheets: every symbol is read by an independent reader, from the pixels that come out."""

import re
from io import BytesIO
from itertools import product

import pypdfium2
import pytest
from PIL import Image

from batteries.codes import BATTERY_TYPES, Names
from batteries.label_pictures import FONT, QUIET, SIDE, matrix, png, rectangles, svg
from batteries.label_printing import Sticker
from batteries.label_sheets import CUTS, SIZES, pdf, wrapped
from tests.factories import pack_code, second_life_code
from tests.labelling import GTIN, decoded, pages, signed

MAKER = Names(english="Rongcheng Motors Co., Ltd.", chinese="蓉城汽车股份有限公司")


def sticker(number: int, **more: object) -> Sticker:
    text = signed(number, gtin=GTIN if number % 2 else "")
    told = {"maker": MAKER, "model": "NCM-75", "battery_type": BATTERY_TYPES["E"]} | more
    return Sticker(str(text), text.code, text.serial, **told)  # type: ignore[arg-type]


def words(document: bytes) -> str:
    opened = pypdfium2.PdfDocument(document)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in opened)
    finally:
        opened.close()


# Every label is read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "cut"), [(size, cut) for size, cut in product(SIZES, CUTS) if size == "a4" or cut == "marks"]
)
def test_every_label_of_a_document_is_read_back(size: str, cut: str) -> None:
    made = [sticker(number) for number in range(50)]
    found = [decoded(page) for page in pages(pdf(made, size=size, cut=cut))]  # type: ignore[arg-type]
    per_page = {"a4": 21 if cut == "marks" else 18}.get(size, 1)
    assert [len(page) for page in found] == [per_page] * (50 // per_page) + ([50 % per_page] if 50 % per_page else [])
    assert [text for page in found for text in page] == [one.text for one in made]


@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_a_label_is_read_at_the_resolutions_of_label_printers(dpi: int) -> None:
    made = [sticker(number) for number in range(6)]
    for size in ("60x40", "100x70"):
        assert [decoded(page) for page in pages(pdf(made, size=size), dpi)] == [[one.text] for one in made]


@pytest.mark.parametrize("number", [1, 2])
def test_a_png_is_read_back_and_states_its_size(number: int) -> None:
    text = signed(number, gtin=GTIN if number % 2 else "")
    content = png(str(text), text.code)
    assert decoded(content) == [str(text)]
    picture = Image.open(BytesIO(content))
    width = picture.width / picture.info["dpi"][0] * 25.4
    assert width == pytest.approx(SIDE, abs=0.01)


@pytest.mark.parametrize("code", [pack_code(1), second_life_code(1)])
def test_an_svg_is_read_back(code: str) -> None:
    text = signed(code=code)
    drawing = svg(str(text), code).decode()
    assert f">{code}</text>" in drawing
    modules = int(re.search(r'viewBox="0 0 (\d+) ', drawing)[1])  # type: ignore[index]
    picture = Image.new("L", (modules, modules), 255)
    # The path alone, laid down as a renderer would: squares of its own words, not of the matrix behind it.
    for x, y, width, height in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z", drawing):
        picture.paste(0, (int(x), int(y), int(x) + int(width), int(y) + int(height)))
    assert decoded(picture.resize((modules * 5, modules * 5), Image.Resampling.NEAREST)) == [str(text)]


def test_a_twentieth_of_the_symbol_may_be_lost() -> None:
    for number in range(8):
        text = signed(number)
        picture = Image.open(BytesIO(png(str(text), text.code))).convert("L")
        # A blot of 120 × 120 of 530 × 530 pixels, away from the finders.
        picture.paste(255, (220 + 10 * number, 250, 340 + 10 * number, 370))
        assert decoded(picture) == [str(text)]


# Figures -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gtin", ["", GTIN])
def test_a_module_is_wide_enough_and_the_quiet_zone_is_four(gtin: str) -> None:
    text = signed(gtin=gtin)
    rows = matrix(str(text))
    assert len(rows) == 53  # version 9
    assert SIDE / (len(rows) + 2 * QUIET) >= 0.4
    picture = Image.open(BytesIO(png(str(text), text.code))).convert("L")
    dark = picture.crop((0, 0, picture.width, picture.width)).point(lambda level: 255 - level).getbbox()
    assert dark is not None
    assert (dark[0], dark[1], picture.width - dark[2], picture.width - dark[3]) == (40, 40, 40, 40)


@pytest.mark.parametrize(("size", "millimetres"), [("60x40", (60, 40)), ("100x70", (100, 70)), ("a4", (210, 297))])
def test_a_page_has_exactly_the_size_that_was_asked_for(size: str, millimetres: tuple[int, int]) -> None:
    opened = pypdfium2.PdfDocument(pdf([sticker(1)], size=size))  # type: ignore[arg-type]
    assert [side / 72 * 25.4 for side in opened[0].get_size()] == pytest.approx(millimetres, abs=0.01)
    opened.close()


@pytest.mark.parametrize("size", SIZES)
def test_symbols_are_vectors_and_the_chinese_font_is_embedded(size: str) -> None:
    document = pdf([sticker(1)], size=size)  # type: ignore[arg-type]
    assert b"/Subtype /Image" not in document
    assert b"/FontFile2" in document
    fonts = set(re.findall(rb"/BaseFont /([\w+-]+)", document))
    assert fonts
    # The prefix of six letters says that a subset is embedded; Helvetica is reportlab's own default, never drawn with.
    assert {name for name in fonts if not re.fullmatch(rb"[A-Z]{6}\+NotoSansSC-Medium", name)} <= {b"Helvetica"}


def test_the_rectangles_cover_exactly_the_dark_modules() -> None:
    text = str(signed())
    rows = matrix(text)
    covered: dict[tuple[int, int], int] = {}
    for x, y, width, height in rectangles(text):
        for place in product(range(x, x + width), range(y, y + height)):
            covered[place] = covered.get(place, 0) + 1
    assert covered == {(x, y): 1 for y, row in enumerate(rows) for x, dark in enumerate(row) if dark}
    assert len(rectangles(text)) < len(covered) / 2


def test_the_same_labels_give_the_same_bytes() -> None:
    assert pdf([sticker(1), sticker(2)]) == pdf([sticker(1), sticker(2)])


# Words ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_code_maker_model_and_type_stand_beside_the_symbol_in_both_languages(size: str) -> None:
    told = words(pdf([sticker(1)], size=size))  # type: ignore[arg-type]
    together = re.sub(r"\s+", "", told)
    for text in (pack_code(1), MAKER.chinese, MAKER.english, "型号ModelNCM-75", *BATTERY_TYPES["E"], "标签LabelQX7A"):
        assert re.sub(r"\s+", "", text) in together


def test_a_name_with_a_rare_character_is_told_in_english_or_with_a_mark_in_its_place() -> None:
    rare = Names(english="Zhe Kun Batteries", chinese="喆堃电池")
    assert "Zhe Kun" in words(pdf([sticker(1, maker=rare)]))
    assert "〓〓电池" in words(pdf([sticker(1, maker=Names(english="", chinese="喆堃电池"))]))


def test_words_never_run_into_the_code_nor_over_the_edge() -> None:
    long = sticker(
        1,
        maker=Names(english="Very Long Company Name " * 8, chinese="非常长的企业名称有限责任公司" * 5),
        model="M" * 80,
    )
    for size in ("60x40", "100x70"):
        [page] = pages(pdf([long], size=size))
        assert decoded(page) == [long.text]
        edge = page.convert("L").point(lambda level: 255 - level).getbbox()
        assert edge is not None
        assert edge[2] < page.width - 10
    with_nothing = sticker(1, maker=Names(english="", chinese="某"), model="", battery_type=None)
    assert "型号" not in words(pdf([with_nothing]))


def test_lines_break_between_words_and_between_chinese_characters() -> None:
    assert wrapped("Rongcheng Motors Limited", 10, 60, 3) == ["Rongcheng", "Motors", "Limited"]
    assert wrapped("蓉城汽车股份有限公司", 10, 51, 3) == ["蓉城汽车股", "份有限公司"]
    assert wrapped("蓉城汽车股份有限公司", 10, 51, 1) == ["蓉城汽车…"]
    assert wrapped("", 10, 51, 2) == []


def test_the_font_has_all_of_gb_2312() -> None:
    from reportlab.pdfbase.ttfonts import TTFont

    glyphs = TTFont("test", str(FONT)).face.charToGlyph
    wanted = {bytes((high, low)).decode("gb2312", "ignore") for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF)}
    assert {character for character in wanted if character and ord(character) not in glyphs} == set()
    assert (FONT.parent / "OFL.txt").read_text().count("SIL OPEN FONT LICENSE")
