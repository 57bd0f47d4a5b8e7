"""A headless Chromium without JavaScript, as a person would use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from gstack_pyramid.simulator import PASSWORD

from ..support.programs import required
from .gateway import PATIENCE


class Chromium:
    """One browser.

    Attributes:
        driver: Selenium's.
    """

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        """Go to a page."""
        self.driver.get(url)

    def field(self, name: str) -> WebElement:
        """The field called so."""
        found: WebElement = self.driver.find_element(By.NAME, name)
        return found

    def press(self, action: str) -> None:
        """Press the button, and wait until its page has gone."""
        button = self.driver.find_element(By.CSS_SELECTOR, f"button[value={action}]")
        page = self.driver.find_element(By.TAG_NAME, "html")
        button.click()
        self.until_gone(page)

    def until_gone(self, page: WebElement) -> None:
        """Wait until a page has made way for another."""
        WebDriverWait(self.driver, PATIENCE).until(lambda _: _is_gone(page))

    def until_focused(self, key: str) -> None:
        """Wait until the element with an id has the focus, which a page gives when it is there."""
        WebDriverWait(self.driver, PATIENCE).until(
            lambda driver: driver.switch_to.active_element.get_attribute("id") == key
        )

    def until_at(self, start: str) -> str:
        """Wait until the address begins so; it is returned."""
        WebDriverWait(self.driver, PATIENCE).until(
            lambda driver: driver.current_url.startswith(start)
        )
        return str(self.driver.current_url)

    def sign_in(self, user: str = "demo", password: str = PASSWORD) -> None:
        """Fill in the page, and send it."""
        self.field("user").send_keys(user)
        self.field("password").send_keys(password)
        self.press("password")

    def text(self) -> str:
        """What the page shows."""
        return str(self.driver.find_element(By.TAG_NAME, "body").text)

    def ask(self, command: str, **parameters: Any) -> Any:
        """A command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(command, parameters)


def _is_gone(page: WebElement) -> bool:
    from selenium.common.exceptions import StaleElementReferenceException, WebDriverException

    try:
        page.is_enabled()
    except (StaleElementReferenceException, WebDriverException):
        return True
    return False


@contextmanager
def chromium(folder: Path, width: int = 1200, height: int = 900) -> Iterator[Chromium]:
    """A browser with a profile of its own, until the block ends."""
    program, driver = required("chromium"), required("chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = str(program)
    # The gateway's authority is made for the test; Chromium on Linux has a store of its own.
    options.accept_insecure_certs = True
    for argument in (
        "--headless=new",
        "--no-sandbox",  # tests may run as root, in a container
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--no-proxy-server",
        "--force-device-scale-factor=1",
        f"--window-size={width},{height}",
        f"--user-data-dir={folder / 'chromium'}",
    ):
        options.add_argument(argument)
    never = 2
    options.add_experimental_option(
        "prefs", {"profile.managed_default_content_settings.javascript": never}
    )
    browser = webdriver.Chrome(options=options, service=Service(str(driver)))
    try:
        browser.set_page_load_timeout(PATIENCE)
        if width < 500:
            # A window can't be that narrow; a phone can.
            phone = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
        yield Chromium(browser)
    finally:
        browser.quit()
