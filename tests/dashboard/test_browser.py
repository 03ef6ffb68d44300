"""The dashboard in a real browser, on a real graph: every page, the main path by keyboard, and what it never says."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from cli.bootstrap import chromium
from dashboard import server
from dashboard.pages import pages
from dashboard.secrets import Secrets
from graph import Graph, Settings, open_graph
from tests.dashboard.living import Living, live_in, of_demo

pytestmark = [pytest.mark.browser, pytest.mark.neo4j, pytest.mark.slow]

CHROMIUM = chromium.find()
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]
PICTURES = os.environ.get("CWM_SCREENSHOTS")
"""Where screenshots go (docs/img when they are to be kept); a temporary folder by default."""

DEMO = os.environ.get("CWM_TEST_DEMO")
"""A home that `cwm demo` has filled, to draw its pages in place of a slice's (its login's password is made anew)."""

PATIENCE = 60_000

writes = pytest.mark.skipif(DEMO is not None, reason="it writes; the demo's home is only drawn")


@dataclass
class Dashboard:
    """A running dashboard and what its graph holds."""

    address: str
    password: str
    settings: Settings
    graph: Graph
    living: Living

    def path_of(self, name: str) -> str:
        """A real address of the page of that name."""
        secrets = Secrets.load(self.settings.home)
        values = {
            "token": secrets.token(self.living.patient),
            "key": self.living.agent,
            "case": self.living.case,
            "prediction": self.living.prediction,
        }
        return re.sub(r"<(\w+)>", lambda found: values[found[1]], pages()[name].PAGE.path)


@pytest.fixture(scope="module")
def dashboard(request: pytest.FixtureRequest) -> Iterator[Dashboard]:
    """A dashboard over a slice of the demo, with a trained twin, evidence, a prediction and a case; or over DEMO."""
    settings = Settings(home=Path(DEMO)) if DEMO else request.getfixturevalue("server_settings")
    with open_graph(settings) as graph:
        if not DEMO:
            graph.write("admin.clear", batch=5000)
        living = of_demo(graph) if DEMO else live_in(graph)
        password = server.first_password(settings, reset=True)
        assert password
        with server.background(settings, graph) as address:
            yield Dashboard(address, password, settings, graph, living)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, with no traffic of its own."""
    if CHROMIUM is None:
        message = f"Chromium is missing. {chromium.ADVICE}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser, dashboard: Dashboard) -> Iterator[Page]:
    """A page that is logged in; fails on any console error, policy violation, page error or request to elsewhere."""
    context = browser.new_context(viewport={"width": 1360, "height": 900}, accept_downloads=True)
    found = context.new_page()
    found.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    trouble: list[str] = []
    found.on(
        "console", lambda m: trouble.append(f"console {m.type}: {m.text}") if m.type == "error" else None
    )
    found.on("pageerror", lambda e: trouble.append(f"page error: {e}"))
    found.on(
        "request",
        lambda r: (
            trouble.append(f"request to {r.url}")
            if not r.url.startswith((dashboard.address, "data:", "blob:"))
            else None
        ),
    )
    found.on("request", lambda r: trouble.append(f"a name in {r.url}") if _tells(r.url, dashboard) else None)
    login(found, dashboard)
    yield found
    context.close()
    assert not trouble, "\n".join(dict.fromkeys(trouble))


def _tells(url: str, dashboard: Dashboard) -> bool:
    number = dashboard.living.patient.partition("/")[2]
    return number in url or any(part in url for part in dashboard.living.name.split())


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the screenshots."""
    folder = Path(PICTURES) if PICTURES else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def login(page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.address}/login")
    page.get_by_label("Password").fill(dashboard.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def settled(page: Page) -> None:
    """Wait until nothing is being worked on."""
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    expect(page.locator("[data-dash-is-loading=true]")).to_have_count(0)
    expect(page.locator(".working:visible")).to_have_count(0)


def open_page(page: Page, dashboard: Dashboard, name: str) -> None:
    page.goto(dashboard.address + dashboard.path_of(name))
    settled(page)


@pytest.mark.parametrize("name", pages())
def test_every_page_shows_its_content_and_nothing_goes_wrong(
    page: Page, dashboard: Dashboard, pictures: Path, name: str
) -> None:
    open_page(page, dashboard, name)
    main = page.get_by_role("main")
    waited = {
        "patient": ".forecast",
        "case": ".report-section",
        "agent": ".coordinate",
        "file_case": "fieldset",
    }
    expect(main.locator(waited.get(name, "h1")).first).to_be_visible()
    settled(page)
    expect(page).to_have_title(re.compile("Clinical World Model"))
    expect(main.get_by_role("alert")).to_have_count(0)
    assert page.get_by_role("navigation", name="").first.locator("[aria-current=page]").count() == 1
    page.screenshot(path=pictures / f"{name.replace('_', '-')}.png", full_page=True)


def test_every_page_can_be_read_on_a_phone(page: Page, dashboard: Dashboard, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for name in pages():
        open_page(page, dashboard, name)
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        width = page.evaluate("document.scrollingElement.scrollWidth")
        assert width <= 390, f"{name} is {width} px wide"
        cells = page.evaluate(
            "Array.from(document.querySelectorAll('table.facts tbody td:first-child'))"
            ".filter(cell => cell.checkVisibility()).map(cell => cell.clientWidth)"
        )
        assert all(cell >= 40 for cell in cells), f"{name} has a first column of {min(cells)} px"


def test_the_login_page_is_drawn(browser: Browser, dashboard: Dashboard, pictures: Path) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 640})
    page.goto(dashboard.address)
    expect(page.get_by_role("heading", name="Clinical World Model")).to_be_visible()
    expect(page.get_by_label("Password")).to_be_focused()
    page.screenshot(path=pictures / "login.png")
    page.get_by_label("Password").fill("a guess")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    page.close()


def test_the_main_path_works_by_keyboard_alone(page: Page, dashboard: Dashboard) -> None:
    open_page(page, dashboard, "patients")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type(dashboard.living.name)
    expect(page.get_by_role("status").filter(has_text="1 patient")).to_be_visible()
    person = page.get_by_role("link", name=dashboard.living.name)
    for _ in range(4):
        page.keyboard.press("Tab")
        if person.evaluate("link => link === document.activeElement"):
            break
    expect(person).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=dashboard.living.name)).to_be_visible()
    settled(page)


def test_a_search_without_an_answer_says_so(page: Page, dashboard: Dashboard) -> None:
    open_page(page, dashboard, "patients")
    page.get_by_label("Search").fill("nobody has this name")
    expect(page.get_by_text("No patient matches.")).to_be_visible()


def test_an_unknown_address_and_an_unknown_patient_say_so_and_repeat_nothing(
    page: Page, dashboard: Dashboard
) -> None:
    page.goto(f"{dashboard.address}/no/such/page")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    page.goto(f"{dashboard.address}/patients/Ada-Lovelace")
    expect(page.get_by_role("alert").first).to_contain_text("names nothing here")
    expect(page.get_by_role("main")).not_to_contain_text("Lovelace")


def test_as_of_hides_what_became_known_later(page: Page, dashboard: Dashboard) -> None:
    open_page(page, dashboard, "patient")
    facts = page.locator("#patient-facts").get_by_role("status")
    everything = _count(facts.inner_text())
    said = page.locator("#patient-said")
    page.get_by_role("button", name="Previous visit").click()
    expect(said).to_contain_text("what was known at")
    first = said.inner_text()
    page.get_by_role("button", name="Previous visit").click()
    expect(said).not_to_have_text(first)
    moment = re.search(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?", said.inner_text())
    assert moment
    expect(page.locator("#patient-when")).to_contain_text(moment[0][:10])
    expect(facts).not_to_contain_text(f"{everything:,} facts")
    settled(page)
    assert _count(facts.inner_text()) < everything
    newest = page.locator("#patient-facts tbody tr td").first.inner_text()
    assert newest[:10] <= moment[0][:10]
    expect(page.locator("#timeline-plot")).to_contain_text(f"as of {moment[0]}")
    page.get_by_role("button", name="Everything").click()
    expect(facts).to_contain_text(f"{everything:,} facts")


def _count(text: str) -> int:
    found = re.match(r"([\d,]+) facts", text)
    assert found, text
    return int(found[1].replace(",", ""))


def test_a_released_and_a_withheld_prediction_are_both_seen(page: Page, dashboard: Dashboard) -> None:
    open_page(page, dashboard, "patient")
    released = page.locator(".forecast[data-state=released]")
    withheld = page.locator(".forecast[data-state=withheld]")
    expect(released).to_have_count(1)
    expect(withheld).to_have_count(1)
    expect(released.locator(".big")).to_have_text(re.compile(r"^[\d.]+ %$"))
    expect(released).to_contain_text("between")
    expect(withheld).to_contain_text("No number is shown.")
    expect(withheld.locator(".big")).to_have_count(0)
    expect(withheld.locator(".reasons li").first).to_be_visible()


@writes
def test_predict_now_writes_a_prediction_of_each_agent(page: Page, dashboard: Dashboard) -> None:
    page.goto(
        dashboard.address + "/patients/" + Secrets.load(dashboard.settings.home).token(dashboard.living.other)
    )
    settled(page)
    expect(page.locator("#twin")).to_contain_text("No prediction for this question")
    page.get_by_role("button", name="Predict now").click()
    expect(page.locator("#twin .forecast")).to_have_count(2)
    expect(page.locator("#patient-predicting")).to_contain_text("Predicted as of")
    expect(page.locator("#advised details.entry")).to_have_count(2)


@writes
def test_a_case_about_a_prediction_is_checked_filed_shown_and_taken_away(
    page: Page, dashboard: Dashboard
) -> None:
    open_page(page, dashboard, "patient")
    page.get_by_role("link", name="File a case about this prediction").first.click()
    expect(page.get_by_label("Model or agent")).not_to_have_value("")
    settled(page)
    page.get_by_role("button", name="File the case").click()
    expect(page.locator("#file-said").get_by_role("alert")).to_contain_text("to mend")
    for label, text in FILLED.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("textbox", name="Mechanism").press("ArrowDown")
    page.get_by_role("option", name="distributional miscalibration").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("The report can be filed.")).to_be_visible()
    page.get_by_role("button", name="File the case").click()
    expect(page.locator(".report-section")).to_have_count(13)
    expect(page.get_by_role("heading", level=1)).to_contain_text(FILLED["Title"])
    expect(page.get_by_role("link", name=re.compile("^prediction "))).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download as Markdown").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert "## 13 Follow-up Plan" in text
    assert FILLED["Title"] in text


FILLED: dict[str, str] = {
    "Title": "Risk stated too low after a second admission",
    "What was noticed": "Three of three patients were admitted although the risk was stated low.",
    "The story in order of time": "The ward round noticed it in March and looked at the two months before.",
    "Where it was observed": "One ward.",
    "Duration": "Two months",
    "Method": "Reading of all predictions of the ward",
    "Observations": "3",
    "Condition, provisional": "Group miscalibration",
    "Criteria": "met: more events than expected\nnot assessed: seen elsewhere",
    "Clinical analogy": "A scale that weighs one load wrong.",
    "Alternatives": "Chance: only three patients, so it cannot be ruled out",
    "I Core: its default without a Shell": "One model for all patients.",
    "II Shell: what it was told to be": "One probability for each patient.",
    "IV Context": "Synthetic patients.",
    "Will it persist?": "Until it is fitted anew.",
    "Will it worsen?": "Unknown.",
    "What would improve it?": "More patients of this group.",
    "Does it generalise?": "Unknown.",
    "Next observations or experiments": "Look at the next two months.",
}


def test_the_agent_page_shows_its_coordinate_in_words_and_a_verdict_for_each_population(
    page: Page, dashboard: Dashboard
) -> None:
    open_page(page, dashboard, "agent")
    place = page.locator(".coordinate").first
    expect(place).to_contain_text("AI competency to augment")
    expect(place).to_contain_text("synthetic patients")
    expect(place).to_contain_text("real patients")
    expect(page.locator("#evidence tbody tr").first).to_be_visible()


def test_logging_out_ends_the_session(page: Page, dashboard: Dashboard) -> None:
    open_page(page, dashboard, "agents")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Clinical World Model")).to_be_visible()
    page.goto(f"{dashboard.address}/agents")
    expect(page).to_have_url(re.compile(r"/login\?next=/agents$"))
    login(page, dashboard)
    expect(page).to_have_url(f"{dashboard.address}/")


def test_no_log_and_no_address_names_a_patient(page: Page, dashboard: Dashboard) -> None:
    open_page(page, dashboard, "patients")
    page.get_by_label("Search").fill(dashboard.living.name)
    page.get_by_role("link", name=dashboard.living.name).click()
    expect(page.get_by_role("heading", level=1, name=dashboard.living.name)).to_be_visible()
    assert not _tells(page.url, dashboard)
    assert not _tells(page.title(), dashboard)
    logged = (dashboard.settings.home / "logs" / "dashboard.log").read_text(encoding="utf-8")
    assert "GET / 200" in logged
    assert not _tells(logged, dashboard)
