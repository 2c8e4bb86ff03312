"""Opens overzicht.html in Debian's Chromium and uses it: sorting and filtering by keyboard, without JavaScript, narrow, dark, printed;
no request leaves, and axe-core finds nothing against WCAG 2.1 AA.

    .venv/bin/python tests/overview-in-a-browser.py overzicht.html FOLDER-FOR-PICTURES
"""

import sys
from importlib import resources
from pathlib import Path

from playwright.sync_api import sync_playwright

PAGE, PICTURES = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
BROWSER = "/usr/bin/chromium"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


def look(browser, name, width=1400, scheme="light", scripts=True):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: sys.exit(f"{name}: the console says {message.text}") if message.type == "error" else None)
    page.on("pageerror", lambda error: sys.exit(f"{name}: {error}"))
    page.goto(PAGE.as_uri())
    page.screenshot(path=PICTURES / f"{name}.png")
    others = [one for one in asked if one != PAGE.as_uri() and not one.startswith("data:")]
    assert not others, f"{name}: it asks for {others}"
    return page


def column(page, at):
    script = "at => [...document.querySelector('table[data-sortable]').tBodies[0].rows].filter(row => !row.hidden).map(row => row.cells[at].dataset.value ?? row.cells[at].textContent.trim())"
    return page.evaluate(script, at)


def heads(page):
    return page.evaluate("() => [...document.querySelector('table[data-sortable]').tHead.rows[0].cells].map(head => head.textContent.trim())")


def sorting(page):
    at = heads(page).index("Rijen gebruikt")
    before = column(page, at)
    button = page.locator("table[data-sortable] thead th").nth(at).locator("button")
    button.focus()
    outline = button.evaluate("button => getComputedStyle(button).outlineStyle")
    page.keyboard.press("Enter")
    assert [int(one) for one in column(page, at)] == sorted(int(one) for one in before), "ascending"
    assert page.locator("table[data-sortable] thead th").nth(at).get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Space")
    assert [int(one) for one in column(page, at)] == sorted((int(one) for one in before), reverse=True), "descending"
    assert page.locator("th[aria-sort]").count() == 1
    assert outline != "none", "a focused button must be seen"
    name = heads(page).index("Aanbieder")
    page.locator("table[data-sortable] thead th").nth(name).locator("button").click()
    assert column(page, name) == sorted(column(page, name), key=lambda one: (not one[0].isdigit(), one)), "by id"


def filtering(page):
    rows = column(page, 0)
    page.get_by_label("Zoek").fill(rows[0])
    assert column(page, 0) == [rows[0]], column(page, 0)
    total = page.locator("table[data-sortable] tbody tr").count()
    of_all_years = page.locator("table[data-sortable] tbody tr").filter(has_text=rows[0]).count()
    assert page.locator("output").text_content() == f"{of_all_years} van {total} rijen", page.locator("output").text_content()
    page.get_by_label("Zoek").fill("")
    page.get_by_label("Wacht op").select_option("aanbieder")
    at = heads(page).index("Wacht op")
    waiting = column(page, at)
    assert waiting and set(waiting) == {"aanbieder"}, waiting
    page.get_by_label("Wacht op").select_option("")
    assert len(column(page, 0)) == len(rows)


def accessible(page, name):
    page.evaluate((resources.files("axe_playwright_python") / "axe.min.js").read_text())
    found = page.evaluate("tags => axe.run(document, { runOnly: { type: 'tag', values: tags } })", WCAG)
    wrong = [f"{one['id']}: {one['help']} ({one['nodes'][0]['html'][:120]})" for one in found["violations"]]
    assert not wrong, f"{name}: " + "; ".join(wrong)
    assert len(found["passes"]) > 15, "axe looked at too little"


def keyboard(page):
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip", "the first stop is the skip link"
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "inhoud"


def main():
    PICTURES.mkdir(parents=True, exist_ok=True)
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=flags)
        page = look(browser, "wide")
        keyboard(page)
        accessible(page, "light")
        filtering(page)
        sorting(page)
        accessible(page, "sorted")
        dark = look(browser, "dark", scheme="dark")
        accessible(dark, "dark")
        narrow = look(browser, "narrow", width=360)
        assert narrow.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), "the page itself scrolls sideways"
        accessible(narrow, "narrow")
        plain = look(browser, "plain", scripts=False)
        assert plain.locator("table").count() >= 2 and not plain.get_by_label("Zoek").is_visible()
        assert plain.locator("th button").count() == 0
        page.emulate_media(media="print")
        page.screenshot(path=PICTURES / "print.png")
        assert not page.get_by_label("Zoek").is_visible()
        browser.close()
    print("overview: sorts, filters, asks for nothing, and axe-core finds nothing")


if __name__ == "__main__":
    main()
