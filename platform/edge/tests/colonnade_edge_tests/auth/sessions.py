"""Looks at, and changes, what the store keeps of a browser's session."""

import msgspec

from colonnade_edge.authn.session import SessionRecord, digest_of, session_key
from colonnade_edge_tests.auth.browser import Browser
from colonnade_edge_tests.processes import Valkey


def record(store: Valkey, browser: Browser) -> SessionRecord:
    """What is kept of the browser's session."""
    with store.client() as client:
        return msgspec.json.decode(
            client.get(session_key(digest_of(browser.session))) or b"null", type=SessionRecord
        )


def change(store: Valkey, browser: Browser, **changes: object) -> None:
    """Keep something else of the browser's session."""
    kept = msgspec.structs.replace(record(store, browser), **changes)
    with store.client() as client:
        client.set(session_key(digest_of(browser.session)), msgspec.json.encode(kept), keepttl=True)


def make_due(store: Valkey, browser: Browser) -> None:
    """Let the access token of the browser's session be long past its time."""
    change(store, browser, refresh_at=1.0)
