"""What reads codes at the dock: camera, gun, photo; and that the device reads them as the server does."""

import random
import re
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from batteries.codes import compose, rules, scan
from tests.batteries.test_scans import BARE, EVE, LABELS, LINKS, SECOND_LIFE, fill
from tests.browser import films
from tests.browser.conftest import FLAGS, Visitor
from tests.browser.dock import at_work, on_their_way, receipts, shoot
from tests.labelling import text_of
from tests.worlds import World

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect
LONG = 60_000
PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
FAKE = tuple(flag for flag in FLAGS if "fake" in flag)


# Camera --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["label", "label, shaken", "label, dark", "DataMatrix", "Code128"])
def test_the_camera_reads(
    kind: str, tmp_path: Path, launch: Callable[..., Any], visitors: Callable[..., Visitor], province: World
) -> None:
    [life] = on_their_way(province, 1)
    if kind.startswith("label"):
        picture = films.label(text_of(province.maker, life), life.code)
    else:
        picture = films.symbol(life.code, kind)
    film = films.film(tmp_path / "film.mjpeg", picture, shaken="shaken" in kind, dark="dark" in kind)
    browser = launch(f"--use-file-for-fake-video-capture={film}")
    page = at_work(visitors(of=browser, **PHONE), province, offline=False)
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "received", timeout=LONG)
    expect(page.locator("#outcome-code")).to_have_text(life.code)
    if kind == "label":
        expect(page.locator("#outcome-more")).to_contain_text("标签真实")
    assert [code for code, _ in receipts(province)] == [life.code]


@pytest.mark.parametrize(
    ("flags", "without", "told"),
    [
        (("--deny-permission-prompts",), ("--use-fake-ui-for-media-stream",), "未允许使用相机"),
        ((), FAKE, "没有找到相机"),
    ],
    ids=["denied", "none"],
)
def test_without_a_camera_the_page_says_why_and_the_gun_goes_on(
    flags: tuple[str, ...],
    without: tuple[str, ...],
    told: str,
    launch: Callable[..., Any],
    visitors: Callable[..., Visitor],
    province: World,
) -> None:
    [life] = on_their_way(province, 1)
    page = at_work(visitors(of=launch(*flags, without=without), **PHONE), province, offline=False)
    expect(page.locator("#camera-state")).to_contain_text(told, timeout=LONG)
    shoot(page, life.code)
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "received")


def test_the_light_is_switched_where_the_camera_has_one(phone: Visitor, province: World) -> None:
    phone.context.add_init_script(
        """window.lit = [];
        const { getCapabilities: usual } = MediaStreamTrack.prototype;
        MediaStreamTrack.prototype.getCapabilities = function () { return { ...usual.call(this), torch: true }; };
        MediaStreamTrack.prototype.applyConstraints = async ({ advanced }) => { lit.push(advanced[0].torch); };"""
    )
    page = at_work(phone, province, offline=False)
    light = page.locator("#torch")
    expect(light).to_have_text("开灯", timeout=LONG)
    light.click()
    expect(light).to_have_text("关灯")
    expect(light).to_have_attribute("aria-pressed", "true")
    light.click()
    expect(light).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("lit") == [True, False]


def test_a_camera_without_a_light_has_no_button_for_it(phone: Visitor, province: World) -> None:
    page = at_work(phone, province, offline=False)
    expect(page.locator("#camera-state")).to_contain_text("对准相机", timeout=LONG)
    expect(page.locator("#torch")).to_be_hidden()


def test_a_photo_of_the_code_is_read(phone: Visitor, province: World) -> None:
    [life] = on_their_way(province, 1)
    file = BytesIO()
    films.label(text_of(province.maker, life), life.code).save(file, "JPEG")
    page = at_work(phone, province, offline=False)
    photo = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}
    page.locator("#code-photo").set_input_files(files=photo)
    expect(page.locator("#outcome-code")).to_have_text(life.code, timeout=LONG)
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "received")


# Gun -----------------------------------------------------------------------------------------------------------------


def test_a_burst_of_forty_scans_is_received_whole_and_in_order(phone: Visitor, province: World) -> None:
    lives = on_their_way(province, 40)
    page = at_work(phone, province, offline=False)
    for number, life in enumerate(lives):
        shoot(page, life.code, ("Enter", "Tab")[number % 2])
    expect(page.locator("[data-tell=count]").first).to_contain_text("40", timeout=LONG)
    expect(page.locator("#badge")).to_have_text("已全部发送", timeout=LONG)
    assert [code for code, _ in receipts(province)] == [life.code for life in lives]


def test_a_chinese_input_method_does_not_matter(phone: Visitor, province: World) -> None:
    [life] = on_their_way(province, 1)
    page = at_work(phone, province, offline=False)
    cdp = phone.context.new_cdp_session(page)
    for letter in life.code:
        code = f"Digit{letter}" if letter.isdigit() else f"Key{letter}"
        key = {"type": "keyDown", "key": "Process", "code": code, "windowsVirtualKeyCode": 229}
        cdp.send("Input.dispatchKeyEvent", key)
        cdp.send("Input.imeSetComposition", {"text": "电池", "selectionStart": 2, "selectionEnd": 2})
    cdp.send(
        "Input.dispatchKeyEvent",
        {"type": "keyDown", "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229},
    )
    expect(page.locator("#outcome-code")).to_have_text(life.code)
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "received")


@pytest.mark.parametrize("way", ["two lines", "lower case", "full width", "two codes as one", "label", "pasted"])
def test_however_the_gun_delivers_it_a_code_is_taken_whole(phone: Visitor, province: World, way: str) -> None:
    one, other = on_their_way(province, 2)
    page = at_work(phone, province, offline=False)
    if way == "two lines":
        shoot(page, one.code[:14])
        expect(page.locator("#outcome")).to_have_attribute("data-outcome", "half")
        shoot(page, one.code[14:])
    elif way == "lower case":
        shoot(page, one.code.lower())
    elif way == "full width":
        page.keyboard.insert_text("".join(chr(ord(letter) + 0xFEE0) for letter in one.code))
        page.keyboard.press("Enter")
    elif way == "two codes as one":
        shoot(page, one.code + other.code)
        expect(page.locator("[data-tell=count]").first).to_contain_text("2")
    elif way == "label":
        shoot(page, text_of(province.maker, one))
    else:
        page.locator("#code").evaluate(
            """(field, text) => {
              const clipboardData = new DataTransfer(); clipboardData.setData('text', text);
              field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, cancelable: true, bubbles: true }));
            }""",
            f"{one.code[:14]}\n{one.code[14:]}",
        )
    taken = [one.code, other.code] if way == "two codes as one" else [one.code]
    expect(page.locator("#outcome-code")).to_have_text(taken[-1])
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "received")
    assert [code for code, _ in receipts(province)] == taken


@pytest.mark.parametrize("cut", [(0, 23), (1, 24)], ids=["the end", "the beginning"])
def test_a_code_that_was_cut_off_is_never_filled_up(phone: Visitor, province: World, cut: tuple[int, int]) -> None:
    [life] = on_their_way(province, 1)
    page = at_work(phone, province, offline=False)
    shoot(page, life.code[slice(*cut)])
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "unreadable")
    expect(page.locator("#outcome-code")).to_have_text(life.code[slice(*cut)])
    assert receipts(province) == []


# Labels, without the network ------------------------------------------------------------------------------------------


def test_without_the_network_the_device_tells_what_each_label_is_worth(phone: Visitor, province: World) -> None:
    phone.expected += ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED"]
    good, altered, revoked, replaced, rogue = on_their_way(province, 5)
    texts = {life.code: text_of(province.maker, life, key=life.code) for life in (good, altered, revoked, replaced)}
    text_of(province.maker, replaced, key="again")
    revoked.do("label_revoked", province.maker, at="2026-02-01T00:00:00Z")
    texts[altered.code] = altered_at(texts[altered.code], 40)
    page = at_work(phone, province)
    expect(page.locator("[data-tell=missing]").first).to_have_text(re.compile("5"))
    until_kept(page, "revoked")
    phone.context.set_offline(True)
    for life, told, colour in (
        (good, "标签真实", "good"),
        (altered, "标签内容与签名不符", "bad"),
        (revoked, "标签已撤销", "bad"),
        (replaced, "已换发新标签", "warn"),
    ):
        shoot(page, texts[life.code])
        expect(page.locator("#outcome-code")).to_have_text(life.code)
        expect(page.locator("#outcome-more")).to_contain_text(told)
        expect(page.locator("#outcome")).to_have_class(colour)
    page.reload()
    page.locator("#start").click()
    # A true signature under another code.
    shoot(page, texts[good.code].replace(good.code, rogue.code))
    expect(page.locator("#outcome-more")).to_contain_text("标签内容与签名不符")
    expect(page.locator("#outcome")).to_have_class("bad")
    page.locator("#badge").click()
    expect(page.locator("#rows li", has_text=revoked.code)).to_contain_text("标签已撤销")


def altered_at(text: str, place: int) -> str:
    """One letter of the signature, changed."""
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


def until_kept(page: Any, name: str) -> None:
    """Wait until the device keeps this."""
    script = """async (name) => {
      const { fact } = await import('/static/web/intake/store.js');
      return Boolean(await fact(name));
    }"""
    until = time.monotonic() + LONG / 1000
    while not page.evaluate(script, name):
        assert time.monotonic() < until
        page.wait_for_timeout(50)


# The same rules ------------------------------------------------------------------------------------------------------


def payloads() -> list[str]:
    """Every variant of a scan that the server's own tests know, and changed ones."""
    chance = random.Random(20_261_130)
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    codes = [EVE, SECOND_LIFE, "04QCB76836300JBU40000903", "04QCB76836300J1220000903"]
    for number in range(12):
        day = timezone.localdate().replace(year=2012 + number, day=1 + number)
        codes.append(
            compose(
                level="pack", battery_type="E", manufacturer_code="04Q", specification="76",
                traceability="836300J", produced_on=day, serial=number,
            )
        )  # fmt: skip
    found = [fill(one, code) for code in codes for group in (BARE, LABELS, LINKS) for one in group.values()]
    for text in list(found):
        at = chance.randrange(len(text))
        found += [text[:at] + chance.choice(letters) + text[at + 1 :], text[:at], text[at:], text[:at] + text[at + 1 :]]
    return [*found, "", " ", "TMP-2026-0001", "tmp-a", "TMP-", "https://id.example.cn/b/TMP-A/", "A" * 5000]


def test_the_device_reads_every_scan_as_the_server_does(visitor: Visitor, province: World) -> None:
    page = visitor.sign_in(province.recycler).open("/intake/")
    texts, day = payloads(), timezone.localdate()
    told = page.evaluate(
        """async ([rules, texts, today]) => {
          const { reader } = await import('/static/web/intake/codes.js');
          const { scan } = reader(rules);
          return texts.map((text) => { const { kind, code } = scan(text, today); return [kind, code ?? null]; });
        }""",
        [rules(), texts, day.isoformat()],
    )
    expected = [[found.kind, found.code] for text in texts for found in [scan(text, today=day)]]
    assert [(text, *pair) for text, *pair in zip(texts, told, expected, strict=True) if pair[0] != pair[1]] == []
