"""The status page in a real browser, before a real daemon."""

from __future__ import annotations

import base64
import io
import os
import shutil
import urllib.request
from collections.abc import Iterator

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests import needs
from tests.cast import Telephone, WebSocket, register
from tests.daemon import PASSWORD, Daemon


@pytest.fixture(scope="module")
def running_browser() -> Iterator[webdriver.Chrome]:
    needs.require("browser")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for option in ("--headless=new", "--disable-dev-shm-usage", "--window-size=1200,900"):
        options.add_argument(option)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    yield made
    made.quit()


@pytest.fixture
def browser(running_browser: webdriver.Chrome) -> webdriver.Chrome:
    """On an empty page, with nothing left of the page before: that one asked until now."""
    running_browser.get("about:blank")
    running_browser.get_log("browser")
    return running_browser


def text_of(browser: webdriver.Chrome, id_: str) -> str:
    return browser.find_element(By.ID, id_).text


def wait_for(browser: webdriver.Chrome, id_: str, text: str) -> None:
    WebDriverWait(browser, 15).until(
        lambda _: text in text_of(browser, id_), f"{id_} never says {text}"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_shows_what_happens_and_that_the_daemon_is_away(
    browser: webdriver.Chrome, own_daemon: Daemon, scheme: str
) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    own_daemon.start()
    browser.get(f"http://127.0.0.1:{own_daemon.http_port}/")
    wait_for(browser, "state", "Runs since")
    assert text_of(browser, "users") == "0"
    assert text_of(browser, "redis") == "not used"
    assert text_of(browser, "logins") == "none"
    wait_for(browser, "rate-most", "at most 0")
    assert text_of(browser, "delivery-most") == "nothing yet"

    name, token = register(own_daemon, "luigi")
    there = WebSocket(own_daemon.url, token)
    with Telephone(own_daemon.tcp_port) as phone:
        assert phone.ask(f"/login {name} {PASSWORD}").startswith("OK")
        assert phone.ask(f"/login {name} wrong-{PASSWORD}").startswith("ERR")
        assert phone.ask(f"/send_private_message {token} {name} hello").startswith("OK")
    wait_for(browser, "stored", "1")
    wait_for(browser, "delivery-most", "at most")
    wait_for(browser, "memory-most", "MB")
    wait_for(browser, "users", "1")
    wait_for(browser, "ports", "1 websocket")
    wait_for(browser, "logins", "invalid_credentials")
    wait_for(browser, "auths", "ok")
    assert (
        ground_of(browser)
        == {"light": "rgba(244, 245, 247, 1)", "dark": "rgba(22, 24, 27, 1)"}[scheme]
    )
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []

    there.hang_up()
    own_daemon.stop()
    wait_for(browser, "state", "does not answer")
    assert browser.title == "Ruggine does not answer"
    own_daemon.start()
    wait_for(browser, "state", "Runs since")
    browser.get_log("browser")


def wide_font() -> bytes:
    """A font whose every character is as wide as it is high: hardly any real one is wider."""
    characters = [chr(code) for code in range(0x20, 0x7F)]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *(f"u{ord(c):04X}" for c in characters)])
    builder.setupCharacterMap({ord(c): f"u{ord(c):04X}" for c in characters})
    pen = TTGlyphPen(None)
    glyphs = dict.fromkeys(builder.font.getGlyphOrder(), pen.glyph())
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (1000, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupOS2()
    builder.setupPost()
    builder.setupNameTable({"familyName": "Wide", "styleName": "Regular"})
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()


@pytest.mark.parametrize("width", [320, 700, 1200])
@pytest.mark.parametrize("font", ["the system's", "a wide one"])
def test_numbers_of_any_size_fit(
    browser: webdriver.Chrome, own_daemon: Daemon, width: int, font: str
) -> None:
    """From a phone, where there is the least room, to a desk."""
    own_daemon.start()
    # For the font below: the page itself may load nothing from elsewhere.
    browser.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 700, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        browser.get(f"http://127.0.0.1:{own_daemon.http_port}/")
        wait_for(browser, "rate-most", "at most")
        if font == "a wide one":
            use_font(browser, wide_font())
        told = browser.execute_script(
            """showNow([["ruggine_users_online", {}], ["ruggine_outgoing_bytes", {}],
                ["ruggine_connections", {port: "websocket"}],
                ["ruggine_refusals_total", {code: "invalid_credentials"}],
            ].map(([name, labels]) => ({ name, labels, value: 123456789012 })));
            return [at("users").textContent, at("outgoing").textContent,
                document.documentElement.scrollWidth,
                at("users").offsetHeight, at("redis").offsetHeight];"""
        )
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Page.setBypassCSP", {"enabled": False})
    assert told[:3] == ["123.46B", "123 GB", width]
    assert told[3] == told[4]  # on one line


def use_font(browser: webdriver.Chrome, font: bytes) -> None:
    """The page is shown in it when this returns."""
    source = base64.b64encode(font).decode()
    fault = browser.execute_async_script(
        """const [source, done] = arguments;
        const face = new FontFace("Wide", `url(data:font/ttf;base64,${source})`);
        face.load().then(() => {
            document.fonts.add(face);
            document.body.style.fontFamily = "Wide";
            done(null);
        }, (error) => done(String(error)));""",
        source,
    )
    assert fault is None


def test_a_value_alone_is_a_dot_and_a_time_without_any_a_gap(
    browser: webdriver.Chrome, own_daemon: Daemon
) -> None:
    own_daemon.start()
    browser.get(f"http://127.0.0.1:{own_daemon.http_port}/")
    wait_for(browser, "state", "Runs since")
    drawn = browser.execute_script(
        """const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        draw(svg, [7, null, null, 3, 4]);
        return [...svg.querySelectorAll("path:not(.under)")].map((p) => p.getTotalLength());"""
    )
    dot, line = drawn
    assert 0 < dot < 0.1 < line


def ground_of(browser: webdriver.Chrome) -> str:
    """The colour behind everything."""
    return browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")


def test_it_asks_nobody_else_and_may_not(own_daemon: Daemon) -> None:
    own_daemon.start()
    for name in ("", "status.css", "status.js", "icon.svg"):
        with urllib.request.urlopen(f"http://127.0.0.1:{own_daemon.http_port}/{name}") as answer:
            policy = answer.headers["content-security-policy"]
            assert policy == "default-src 'self'; frame-ancestors 'none'"
            assert answer.headers["x-content-type-options"] == "nosniff"
            content = answer.read().decode().replace("http://www.w3.org/2000/svg", "")
            assert "://" not in content
