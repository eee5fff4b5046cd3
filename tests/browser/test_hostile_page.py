"""A report whose sheets are full of markup: the browser runs nothing, fetches nothing, complains of nothing."""

from __future__ import annotations

import shutil
import warnings

import hostile_review as hostile
import pytest

from rheumeta import cli

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("chromium is not installed", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

STAGES = [stage for stage in cli.STAGES if stage not in ("documents", "workbook", "crate")]
FETCHES = "fetch('http://x.invalid/').then(() => 'fetched', error => 'refused')"
RUNS = """() => {
  const script = document.createElement('script');
  script.textContent = 'window.ran = true';
  document.body.append(script);
  return window.ran === true;
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile")
    layout = hostile.build(root, hostile.Soup())
    (root / "config" / "config.yaml").write_text("reviews: [tiny]\n")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        for stage in STAGES:
            assert cli.main([stage, "tiny", "--root", str(root)]) == 0
        assert cli.main(["index", "--root", str(root)]) == 0
    return layout.report, root / "results" / "index.html", *sorted(layout.figures.glob("*.svg"))


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def test_nothing_runs_nothing_is_fetched_and_nothing_is_complained_of(browser, pages):
    for path in pages:
        page = browser.new_page()
        dialogs, said, asked = [], [], []
        page.on("dialog", lambda dialog, found=dialogs: (found.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message, found=said: found.append(message.text))
        page.on("pageerror", lambda error, found=said: found.append(str(error)))
        page.on("request", lambda request, found=asked: found.append(request.url))
        page.goto(path.as_uri())
        for summary in page.locator("summary").all()[:40]:
            if summary.is_visible():
                summary.click()
        assert (dialogs, said) == ([], []), path.name
        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        page.close()


def test_the_words_are_read_as_they_were_written(browser, pages):
    page = browser.new_page()
    page.goto(pages[0].as_uri())
    text = page.evaluate("document.body.textContent")
    for part in hostile.MARKUP:
        assert " ".join(part.split()) in " ".join(text.split())
    page.close()


def test_the_policy_refuses_what_the_page_does_not_need(browser, pages):
    for path in pages[:2]:
        page = browser.new_page()
        page.goto(path.as_uri())
        policy = page.locator("meta[http-equiv='Content-Security-Policy']").get_attribute("content")
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.evaluate(RUNS) is False
        assert page.evaluate(FETCHES) == "refused"
        page.close()
