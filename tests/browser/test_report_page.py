"""The report in a browser: no sideways scroll, no script, light, dark and print.

Runs where Debian's chromium and playwright are installed; elsewhere it is skipped with the reason.
"""

from __future__ import annotations

import shutil

import pytest
import report_builder as build

from rheumeta.pages import render

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("chromium is not installed", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = (320, 390, 768, 1440)
TEXTS = ("body", ".question", ".caution", ".small", "figcaption", "nav.contents a", "thead th")
LEAST_CONTRAST = 4.5
"""Contrast of text and background (WCAG 2.2, success criterion 1.4.3, level AA)."""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(render.report(build.report_input()), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_never_scrolls_sideways(browser, address, width):
    page = browser.new_page(viewport={"width": width, "height": 800}, java_script_enabled=True)
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_it_asks_for_nothing_and_complains_of_nothing(browser, address):
    page = browser.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(address)
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert said == []
    page.close()


def test_it_can_be_read_without_javascript(browser, address):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(address)
    assert page.get_by_role("heading", name="What the evidence says").is_visible()
    page.get_by_text("How each effect was computed").first.click()
    assert page.get_by_text("ln(9/46) − ln(1/7)").first.is_visible()
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser, address, scheme):
    page = browser.new_page(color_scheme=scheme, viewport={"width": 1440, "height": 900})
    page.goto(address)
    for selector in TEXTS:
        if page.locator(selector).count() == 0:
            continue
        ink, ground = page.locator(selector).first.evaluate(COLOURS)
        assert contrast(ink, ground) >= LEAST_CONTRAST, selector
    page.close()


def test_pictures_are_drawn(browser, address):
    page = browser.new_page()
    page.goto(address)
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0 && i.alt)")
    page.close()


def test_it_prints(browser, address):
    page = browser.new_page()
    page.goto(address)
    assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")
    page.close()


COLOURS = """element => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  let ground = element;
  while (ground.parentElement && rgb(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
  return [rgb(getComputedStyle(element).color), rgb(getComputedStyle(ground).backgroundColor)];
}"""


def contrast(ink, ground):
    """Ratio of relative luminances (WCAG 2.2, definition of contrast ratio)."""
    bright, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(rgb):
    parts = [c / 255 for c in rgb[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
