"""The page in a real browser: without JavaScript, on a phone, by keyboard, for a screen reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY, PASSWORD

from ..signin.browser import GCLOUD, GCLOUDS_SCOPES, PASTED, challenge_of
from .chromium import Chromium, chromium
from .gateway import Gateway

pytestmark = pytest.mark.clients

VERIFIER = "v" * 50


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((1200, 900), id="desktop", marks=pytest.mark.matrix),
        # What is narrow is harder, and the same pages.
        pytest.param((320, 640), id="phone"),
    ],
)
def browser(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chromium]:
    width, height = request.param
    with chromium(tmp_path_factory.mktemp("browser"), width, height) as browser:
        yield browser


def begin(browser: Chromium, gateway: Gateway, redirect_uri: str = PASTED, **more: str) -> None:
    """Open the page with nobody signed in."""
    query = {
        "response_type": "code",
        "client_id": GCLOUD,
        "redirect_uri": redirect_uri,
        "scope": GCLOUDS_SCOPES,
        "state": "s",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        **more,
    }
    browser.open(f"{gateway.url}/oauth2/auth?{urlencode(query)}")
    browser.driver.delete_all_cookies()
    browser.driver.refresh()


def fits(browser: Chromium) -> bool:
    """Whether nothing sticks out on the right."""
    told = browser.ask("Page.getLayoutMetrics")
    return bool(told["cssContentSize"]["width"] <= told["cssLayoutViewport"]["clientWidth"])


def tree(browser: Chromium) -> list[dict[str, Any]]:
    """What a screen reader is told: role, name, description and whether it is invalid."""
    told = []
    for node in browser.ask("Accessibility.getFullAXTree")["nodes"]:
        if not node.get("ignored"):
            properties = {p["name"]: p["value"].get("value") for p in node.get("properties", [])}
            told.append(
                {
                    "role": node.get("role", {}).get("value"),
                    "name": node.get("name", {}).get("value", ""),
                    "description": node.get("description", {}).get("value", ""),
                    "invalid": properties.get("invalid", "false"),
                    "focused": bool(properties.get("focused")),
                }
            )
    return told


def of_role(browser: Chromium, role: str) -> list[dict[str, Any]]:
    return [node for node in tree(browser) if node["role"] == role]


def test_every_page_fits_its_window_and_has_one_main_heading(
    browser: Chromium, gateway: Gateway
) -> None:
    def looked_at(title: str) -> None:
        assert fits(browser), title
        assert title in browser.driver.title
        assert len(browser.driver.find_elements(By.TAG_NAME, "h1")) == 1
        assert len(of_role(browser, "main")) == 1

    begin(browser, gateway, client_id="a" * 200)
    looked_at("Sign in")
    browser.sign_in(password="x")
    looked_at("Error: Sign in")
    browser.field("password").send_keys(PASSWORD)
    browser.press("password")
    looked_at("Allow access?")
    browser.press("allow")
    looked_at("Your code")
    begin(browser, gateway)
    browser.sign_in()
    browser.press("deny")
    looked_at("Nothing was allowed")
    begin(browser, gateway, redirect_uri="https://evil.example.com/")
    looked_at("Error: this can't be done")


def test_it_all_goes_by_keyboard_with_the_focus_to_be_seen(
    browser: Chromium, gateway: Gateway
) -> None:
    begin(browser, gateway)

    def press(*keys: str) -> None:
        ActionChains(browser.driver).send_keys(*keys).perform()

    def focused() -> Any:
        return browser.driver.switch_to.active_element

    assert focused().get_attribute("name") == "user"
    assert focused().value_of_css_property("outline-style") == "solid"
    page = browser.driver.find_element(By.TAG_NAME, "html")
    press("demo", Keys.TAB, PASSWORD, Keys.TAB, Keys.TAB)
    assert focused().get_attribute("value") == "password"
    assert focused().value_of_css_property("outline-style") == "solid"
    press(Keys.ENTER)
    browser.until_gone(page)
    page = browser.driver.find_element(By.TAG_NAME, "html")
    for _ in range(6):
        press(Keys.TAB)
        if focused().get_attribute("value") == "allow":
            break
    assert focused().value_of_css_property("outline-style") == "solid"
    press(Keys.ENTER)
    browser.until_gone(page)
    browser.until_focused("code")


def test_a_screen_reader_is_told_what_each_field_is_and_what_is_wrong(
    browser: Chromium, gateway: Gateway
) -> None:
    begin(browser, gateway)
    names = [node["name"] for node in of_role(browser, "textbox")]
    assert names == ["User name", "Password", "Domain (optional)"]
    assert [node["name"] for node in of_role(browser, "button")] == ["Sign in"]
    assert of_role(browser, "alert") == []
    browser.press("password")
    assert of_role(browser, "alert")
    user, password, domain = of_role(browser, "textbox")
    assert (user["invalid"], password["invalid"], domain["invalid"]) == ("true", "true", "false")
    assert user["description"] == "Enter the user name."
    assert user["focused"]
    browser.sign_in(password="x")
    user, password, domain = of_role(browser, "textbox")
    assert "User name, domain or password is wrong." in password["description"]
    assert password["focused"]
    browser.field("password").send_keys(PASSWORD)
    browser.press("password")
    names = [node["name"] for node in of_role(browser, "button")]
    assert names == ["Not you?", "Allow", "Cancel"]
    (html,) = browser.driver.find_elements(By.TAG_NAME, "html")
    assert html.get_attribute("lang") == "en"


def test_buttons_are_large_enough_for_a_thumb(browser: Chromium, gateway: Gateway) -> None:
    begin(browser, gateway)
    browser.sign_in()
    for button in browser.driver.find_elements(By.TAG_NAME, "button"):
        assert button.size["height"] >= 44


def test_an_api_key_signs_in_behind_a_summary(browser: Chromium, gateway: Gateway) -> None:
    begin(browser, gateway)
    assert not browser.field("api_key").is_displayed()
    browser.driver.find_element(By.TAG_NAME, "summary").click()
    browser.field("api_key").send_keys(DEMO_API_KEY)
    browser.field("secret_key").send_keys("wrong")
    browser.press("keys")
    assert "API key or secret key is wrong." in browser.text()
    assert browser.field("api_key").get_attribute("value") == DEMO_API_KEY
    assert browser.field("secret_key").get_attribute("value") == ""
    browser.field("secret_key").send_keys(DEMO_SECRET_KEY)
    browser.press("keys")
    assert "Signed in as demo" in browser.text()
    browser.press("other")
    assert "Sign in" in browser.driver.title


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_complained_of(
    browser: Chromium, gateway: Gateway, tmp_path: Path
) -> None:
    begin(browser, gateway)
    browser.driver.get_log("browser")  # what there was before is gone with this
    assert browser.driver.find_element(By.TAG_NAME, "main").value_of_css_property("max-width") != (
        "none"
    )
    browser.sign_in()
    shot = tmp_path / "consent.png"
    assert browser.driver.save_screenshot(str(shot))
    assert shot.stat().st_size > 5000
    complaints = [
        entry["message"]
        for entry in browser.driver.get_log("browser")
        if "favicon" not in entry["message"]
    ]
    assert complaints == []
