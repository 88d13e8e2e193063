"""Signing in, in a real browser: its cookies, its passkeys (an authenticator in software), its keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from fednet.node import accounts as people
from fednet.node.home import Home
from tests.web.place import NOW

pytestmark = pytest.mark.browser

PASSWORD = "copper lantern seven rivers"


@contextmanager
def window(chromium: Browser, address: str, *, scripts: bool = True) -> Iterator[Page]:
    """A window of its own, which knows the node by name: passkeys are bound to one."""
    port = urlsplit(address).port
    context = chromium.new_context(base_url=f"http://localhost:{port}", locale="en", java_script_enabled=scripts)
    try:
        yield context.new_page()
    finally:
        context.close()


def authenticator(context: BrowserContext, page: Page) -> None:
    """A fingerprint reader that always agrees (W3C Web Authentication, section 11)."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    reader = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": reader})


def invited(home: Home, name: str) -> str:
    """The path of the welcome link of a new editor."""
    email = f"{name.lower()}@members.example"
    return f"/welcome/{people.invite(home, name=name, email=email, role='editor', now=NOW)[1]}"


def arrive(page: Page, link: str) -> None:
    page.goto(link)
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/sign-in/second*")


def test_a_passkey_is_the_second_step_and_then_the_whole_sign_in(chromium: Browser, address: str, served: Home) -> None:
    with window(chromium, address) as page:
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        authenticator(page.context, page)
        arrive(page, invited(served, "Mina"))
        page.get_by_role("button", name="Add a passkey").click()
        page.wait_for_url("**/workspace")
        page.goto("/account")
        page.get_by_role("button", name="Sign out here").click()
        page.wait_for_url("**/sign-in?done=out")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url("**/workspace")
        assert wrong == []


def test_the_keyboard_and_no_script_suffice_to_sign_in_with_a_code(
    chromium: Browser, address: str, served: Home
) -> None:
    with window(chromium, address, scripts=False) as page:
        arrive(page, invited(served, "Noor"))
        assert page.get_by_role("button", name="passkey").count() == 0
        key = page.locator("code.key").inner_text().replace(" ", "")
        page.locator("#code").focus()
        page.keyboard.type(pyotp.TOTP(key).at(NOW))
        page.keyboard.press("Enter")
        page.wait_for_url("**/workspace")


def test_the_browser_gives_the_cookie_to_no_script_and_to_no_other_page(
    chromium: Browser, address: str, served: Home
) -> None:
    with window(chromium, address) as page:
        arrive(page, invited(served, "Edna"))
        [cookie] = [one for one in page.context.cookies() if one["name"].startswith("__Host-session")]
        assert cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["path"] == "/"
        assert "__Host" not in page.evaluate("document.cookie")
