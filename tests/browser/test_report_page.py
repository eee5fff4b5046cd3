"""The report in a browser: as a page to read and as a tool, by mouse, by keyboard and without script.

Runs where Debian's chromium and playwright are installed; elsewhere it is skipped with the reason.
"""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import report_builder as build
from appraisal_builder import appraisal

from rheumeta.layout import column_name
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
    file.write_text(render.report(replace(build.report_input(), appraisal=appraisal())), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_neither_the_page_nor_a_table_scrolls_sideways(browser, address, width):
    page = browser.new_page(viewport={"width": width, "height": 800}, java_script_enabled=True)
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_on_a_phone_each_cell_says_what_it_is_and_the_list_can_be_sorted(browser, address):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto(address)
    cell = page.locator("section:has(> #numbers) tr[id] td:not(.blank)").nth(1)
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Outcome"'
    assert cell.get_attribute("role") == "cell"
    bar = page.locator("section:has(> #numbers) .bar")
    bar.get_by_label("Sort by").select_option(label="Outcome")
    assert bar.get_by_role("status").inner_text() == "Sorted by Outcome, rising."
    rows = page.locator("section:has(> #numbers) tbody tr[id]")
    ids = "rows => rows.map(row => row.id)"
    listed = rows.evaluate_all(ids)  # by row, and the outcomes are the same
    choice = bar.get_by_label("Sort by")
    choice.select_option(label="Row")
    choice.dispatch_event("change")  # once more: falling
    assert rows.evaluate_all(ids) != listed
    choice.select_option(label="as listed")
    assert rows.evaluate_all(ids) == listed
    assert page.locator("section:has(> #numbers) th[aria-sort]").count() == 0
    page.close()


def test_on_a_phone_a_figure_is_the_one_made_for_a_column(browser, tmp_path):
    data = build.report_input()
    name = "acr20_three_months"
    figures = {**data.figures, column_name(name): data.figures[name]}
    file = tmp_path / "report.html"
    file.write_text(render.report(replace(data, figures=figures)), encoding="utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto(file.as_uri())
    wide, narrow = page.locator(".for-wide"), page.locator(".for-narrow")
    assert (wide.is_visible(), narrow.is_visible()) == (False, True)
    assert narrow.evaluate("box => box.scrollWidth <= box.clientWidth")
    assert narrow.locator("svg").get_attribute("aria-label") == wide.locator("svg").get_attribute(
        "aria-label"
    )
    page.set_viewport_size({"width": 1440, "height": 900})
    assert (wide.is_visible(), narrow.is_visible()) == (True, False)
    page.set_viewport_size({"width": 390, "height": 900})
    page.emulate_media(media="print")
    assert (wide.is_visible(), narrow.is_visible()) == (True, False)
    page.close()


def test_only_what_scrolls_is_a_stop_of_the_keyboard(page):
    assert page.evaluate(NEEDLESS) == []


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
    assert page.get_by_role("heading", name="What the evidence says", exact=True).is_visible()
    page.get_by_text("Where each number comes from").first.click()
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


def test_every_figure_is_drawn(page):
    sizes = page.evaluate(DRAWN)
    assert len(sizes) >= 5
    assert all(width > 40 and parts > 2 and words for width, parts, words in sizes)


@pytest.fixture
def page(browser, address):
    """A page of a desktop; anything that the browser complains of fails the test."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    yield page
    page.close()
    assert said == []


def test_a_click_on_a_study_s_effect_shows_how_it_was_computed(page):
    page.locator("article a.origin[href^='#e-acr20__alvaro2017']").first.click()
    dialog = page.get_by_role("dialog")
    assert dialog.is_visible()
    assert dialog.get_by_role("heading", level=2).inner_text().startswith("Álvaro-Gracia 2017")
    text = dialog.inner_text()
    assert "ln(9/46) − ln(1/7)" in text  # the derivation with the numbers put in
    assert "r001" in text  # the row of the sheet
    assert "implied by the numbers, not stated" in text  # where its number of patients comes from


def test_the_flags_of_an_effect_stand_in_its_dialog(page):
    page.locator("article a.origin[href^='#e-acr20__mesoblast']").first.click()
    assert "The source gives no denominator" in page.get_by_role("dialog").inner_text()


def test_a_click_on_a_pooled_effect_leads_to_its_studies_and_back(page):
    page.locator("article a.origin[href='#p-acr20_three_months-random']").first.click()
    dialog = page.get_by_role("dialog")
    assert "wᵢ = 1/(vᵢ + τ²)" in dialog.inner_text()
    dialog.locator("a.origin").first.click()
    assert "ln(9/46) − ln(1/7)" in dialog.inner_text()
    dialog.get_by_role("button", name="Back").click()
    assert dialog.get_by_role("heading", level=2).inner_text().startswith("Random effects")
    dialog.get_by_role("button", name="Close").click()
    assert not dialog.is_visible()


KINDS = {
    "a count of the first screen": (
        ".answer li a.origin[href='#place-people']",
        "largest number of patients",
    ),
    "a number in a sentence": ("article p a.origin", "wᵢ = 1/(vᵢ + τ²)"),
    "a result of a subgroup": ("article a.origin[href^='#g-']", "wᵢ = 1/(vᵢ + τ²)"),
    "a result under another assumption": ("article a.origin[href^='#v-']", "Changed: "),
    "a test between subgroups": ("article a.origin[href^='#t-']", "The means μⱼ"),
    "a coefficient": ("article a.origin[href^='#m-']", "(X′WX)⁻¹X′Wy"),
    "patients of 1000": ("main a.origin[href^='#f-']", "Assumed without the treatment"),
    "a certainty": ("main a.origin[href^='#c-']", "Risk of bias"),
    "missing results": ("main a.origin[href^='#x-']", "Study"),
    "a sign test": ("main a.origin[href^='#d-']", "What the source says"),
    "the verdicts": ("main a.origin[href='#place-verdicts']", "What it cites"),
}
"""What a reader may click on, where it is, and what its place says."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_number_opens_its_place_by_mouse_and_by_key(page, kind):
    selector, words = KINDS[kind]
    link = page.locator(selector).first
    link.evaluate(
        "link => { for (let at = link; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true; }"
    )
    dialog = page.get_by_role("dialog")
    for act in (link.click, lambda: (link.focus(), page.keyboard.press("Enter"))):
        act()
        assert words.lower() in dialog.inner_text().lower()
        assert dialog.get_by_role("heading", level=2).inner_text()
        page.keyboard.press("Escape")
        assert not dialog.is_visible()
        assert link.evaluate("link => link === document.activeElement")


def test_without_javascript_a_number_leads_to_its_place(browser, address):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(address)
    page.locator("article a.origin[href='#p-acr20_three_months-random']").first.click()
    assert page.locator("#p-acr20_three_months-random").is_visible()
    page.close()


def test_a_row_of_the_sheet_opens_and_can_be_shown_in_the_page(page):
    page.locator("article a[href^='#r-']").first.click()
    dialog = page.get_by_role("dialog")
    heading = dialog.get_by_role("heading", level=2).inner_text()
    dialog.get_by_role("link", name="Show it in the page").click()
    assert not dialog.is_visible()
    assert page.evaluate("document.activeElement.cells[0].textContent.trim()") == heading.removeprefix("Row ")


def test_a_link_from_another_page_opens_the_lineage(browser, address):
    page = browser.new_page()
    page.goto(f"{address}#p-acr20_three_months-random")
    assert (
        page.get_by_role("dialog").get_by_role("heading", level=2).inner_text().startswith("Random effects")
    )
    page.close()


def test_the_lineage_works_by_keyboard_alone(page):
    link = page.locator("article a.origin").first
    link.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    assert dialog.is_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || lineage.contains(document.activeElement)"
        )
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert link.evaluate("link => link === document.activeElement")


def test_a_mark_says_what_it_stands_for(page):
    mark = page.locator(".picture [data-key='e-acr20__alvaro2017']").first
    mark.scroll_into_view_if_needed()
    mark.hover(force=True)
    assert page.locator("#tip").inner_text().startswith("Álvaro-Gracia 2017")
    page.keyboard.press("Escape")
    assert not page.locator("#tip").is_visible()
    mark.click(force=True)
    assert "ln(9/46) − ln(1/7)" in page.get_by_role("dialog").inner_text()


def test_a_diamond_says_its_pooled_result(page):
    page.evaluate("""() => {
      const mark = document.querySelector(".picture [data-key]");
      mark.setAttribute("data-key", "p-acr20_three_months-random");
    }""")
    mark = page.locator(".picture [data-key='p-acr20_three_months-random']").first
    mark.scroll_into_view_if_needed()
    mark.hover(force=True)
    told = page.locator("#tip").inner_text()
    assert told.startswith("Random effects")
    assert "1.94 [0.41, 9.14]" in told


def test_search_finds_a_place_and_goes_there(page):
    box = page.get_by_label("Search this report")
    box.fill("denominator implied")
    hits = page.locator("#search li button")
    assert hits.count() > 0
    assert page.locator("#search [role=status]").inner_text().endswith("places")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert not page.locator("#search ol").is_visible()
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    box.fill("zzzz")
    assert page.locator("#search [role=status]").inner_text() == "Nothing found."


def test_search_steps_from_place_to_place(page):
    page.get_by_label("Search this report").fill("ACR20")
    said = page.locator("#search [role=status]")
    total = said.inner_text().split()[0]
    page.get_by_role("button", name="Next").click()
    assert said.inner_text() == f"1 of {total} places"
    first = page.evaluate("document.activeElement.textContent")
    page.get_by_role("button", name="Next").click()
    assert said.inner_text() == f"2 of {total} places"
    assert page.evaluate("document.activeElement.textContent") != first
    page.get_by_role("button", name="Previous").click()
    assert page.evaluate("document.activeElement.textContent") == first


def test_search_opens_what_hides_a_place(page):
    assert not page.get_by_text("ln(9/46) − ln(1/7)").first.is_visible()
    page.get_by_label("Search this report").fill("ln(9/46)")
    page.keyboard.press("Enter")
    assert page.get_by_text("ln(9/46) − ln(1/7)").first.is_visible()


def test_a_table_sorts_by_any_column_and_keeps_its_total_last(page):
    table = page.locator("article table:has(tr.total):has(tbody tr:nth-child(3))").first
    head = table.locator("thead th.num", has_text="interval]")
    column = head.evaluate("head => head.cellIndex")
    for direction in ("ascending", "descending"):
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == direction
        shown = table.evaluate(COLUMN, column)
        values = [float(text.replace("−", "-").split()[0]) for text in shown]
        assert len(values) > 1
        assert values == sorted(values, reverse=direction == "descending")
        assert table.locator("tbody tr").last.evaluate("row => row.classList.contains('total')")


def test_a_long_table_can_be_filtered(page):
    box = page.get_by_label("Filter: All numbers, as reported and harmonised")
    rows = page.locator("section:has(> #numbers) tbody tr[id]:visible")
    before = rows.count()
    box.fill("r041")
    assert rows.count() == 1
    assert page.get_by_text(f"1 of {before} rows").is_visible()
    box.fill("")
    assert rows.count() == before


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_nothing_stands_in_the_way_of_assistive_technology(browser, address, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    page.goto(address)
    if width == WIDTHS[-1]:  # once with all that is folded open
        page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    for action in (lambda: None, lambda: page.locator("article a.origin").first.click()):
        action()
        violations = axe.run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in violations] == []
    page.close()


def test_it_prints(browser, address):
    page = browser.new_page()
    page.goto(address)
    page.emulate_media(media="print")
    lines = page.locator("a.origin").evaluate_all(
        "links => links.map(a => getComputedStyle(a).textDecorationLine)"
    )
    assert set(lines) == {"none"}
    assert not any(chain.is_visible() for chain in page.locator(".chain").all()[:20])
    head = page.locator("button.sort").first.evaluate("button => getComputedStyle(button).display")
    assert head == "contents"  # with a box in it, chromium does not repeat the head of a table on each page
    assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")
    page.close()


CUT = """() => [...document.querySelectorAll('.scroll')].filter(box => box.scrollWidth > box.clientWidth + 1)
  .map(box => box.getAttribute('aria-label'))"""

NEEDLESS = """() => [...document.querySelectorAll('.scroll[tabindex], .picture[tabindex]')]
  .filter(box => box.checkVisibility())
  .filter(box => box.scrollWidth <= box.clientWidth + 1 && box.scrollHeight <= box.clientHeight + 1)
  .map(box => box.getAttribute('aria-label'))"""

DRAWN = """() => [...document.querySelectorAll('.picture svg')].map(svg => [
  svg.getBoundingClientRect().width, svg.querySelectorAll('path, text').length, svg.getAttribute('aria-label')])"""

COLUMN = """(table, column) => [...table.querySelectorAll('tbody tr:not(.total)')]
  .map(row => row.cells[column].textContent)"""

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
