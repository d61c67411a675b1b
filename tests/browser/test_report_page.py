"""report.html in a real browser: it is read, it is quiet, it goes nowhere, it fits."""

from __future__ import annotations

import re

import pytest

from tests.browser.chromium import console

PROBE = """
<script>
const wide = document.documentElement.scrollWidth, held = window.innerWidth;
const lost = [...document.querySelectorAll("main *")].filter(
  (each) => !each.closest(".scroll, svg, .tall") && each.getBoundingClientRect().right > held + 1
).map((each) => each.tagName + "." + each.className);
document.body.setAttribute("data-probe", [wide, held, document.title, lost.join(" ")].join("|"));
</script>
"""


def probed(page, folder):
    """Give a copy of the page whose policy lets one measuring script run."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    copy = folder / "probed.html"
    copy.write_text(text.replace("</body>", PROBE + "</body>"), encoding="utf-8")
    return copy


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 4000), (390, 5600)], ids=["wide", "phone"])
def test_a_picture_is_taken_without_a_word_on_the_console(browser, page, tmp_path, size, dark):
    """Wide and phone-narrow, light and dark: each is drawn, and the console stays empty."""
    width, height = size
    picture = tmp_path / "page.png"
    said = browser.screenshot(page, picture, width=width, height=height, dark=dark)
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (width, height)
    # A blank page of this size is a tenth of this.
    assert len(data) > 100_000
    assert console(said) == []


def test_light_and_dark_differ(browser, page, tmp_path):
    """The reader's own choice of colours is followed."""
    for name, dark in (("light", False), ("dark", True)):
        browser.screenshot(page, tmp_path / f"{name}.png", width=800, height=600, dark=dark)
    assert (tmp_path / "light.png").read_bytes() != (tmp_path / "dark.png").read_bytes()


def test_it_prints(browser, page, tmp_path):
    """A PDF of several pages comes out, and the console stays empty."""
    pdf = tmp_path / "page.pdf"
    said = browser.printed(page, pdf)
    data = pdf.read_bytes()
    assert data.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", data)) <= 20
    assert console(said) == []


def test_it_asks_for_nothing(browser, page):
    """Loading the page makes no request to anywhere, hostile cells and all."""
    assert browser.requests(page) == set()


def test_a_page_that_does_ask_is_caught(browser, tmp_path):
    """The check above can fail: a picture from elsewhere shows in the same log."""
    asking = tmp_path / "asking.html"
    asking.write_text("<!doctype html><img src='http://pictures.invalid/a.png'>")
    assert browser.requests(asking) == {"http://pictures.invalid/a.png"}


@pytest.mark.parametrize("width", [1280, 500], ids=["wide", "narrow"])
def test_it_fits_and_no_cell_has_become_markup(browser, page, tmp_path, width):
    """Nothing sticks out sideways; the title is ours, though a cell's script would change it."""
    document = browser.document(probed(page, tmp_path), width=width)
    wide, held, title, lost = re.search(r'data-probe="([^"]*)"', document).group(1).split("|")
    assert int(held) == width
    assert int(wide) <= width
    assert lost == ""
    assert title.startswith("bulkcall: ")
    assert document.count("<script") == 1
    assert "<iframe" not in document
    assert "<img" not in document


def test_it_reads_as_a_person_expects(browser, page):
    """The verdict leads; every outcome, the proof and the way of the rows are there."""
    document = browser.document(page)
    assert re.search(r"\d,\d{3} of 5,000 rows confirmed", document)
    for word in ("In the file", "Accepted", "Confirmed", "every row is accounted for, once"):
        assert word in document
    for heading in ("What happened to the rows", "What to do next", "Proof", "Batches"):
        assert re.search(rf"<h[23][^>]*>{heading}</h", document)
    assert "&lt;script&gt;" in document
