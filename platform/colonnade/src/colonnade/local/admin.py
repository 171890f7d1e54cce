"""Calls the console's admin API of the running stack."""

from typing import Any

import httpx

from colonnade.errors import UserError, WorkError
from colonnade.local.layout import Layout
from colonnade.local.state import require_running

TIMEOUT_S = 10.0
CONNECTS = 4
"""Further tries where nobody listens, 3.5 s in all: time for a console to start anew."""


def call(layout: Layout, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the answer of the admin API.

    Raises `UserError` where it refuses what was asked, `WorkError` where it cannot do it.
    """
    state = require_running(layout)
    token = layout.admin_token_file.read_text(encoding="utf-8").strip()
    try:
        # The loopback address is never behind a proxy.
        with httpx.Client(transport=httpx.HTTPTransport(retries=CONNECTS), trust_env=False) as client:
            answer = client.request(
                method,
                f"{state.console}{path}",
                json=body,
                headers={"Authorization": f"Bearer {token}"},
                timeout=TIMEOUT_S,
            )
    except httpx.HTTPError as error:
        raise WorkError(f"the console does not answer: {error}", "see bff ps and bff logs console") from error
    if answer.is_success:
        data: dict[str, Any] = answer.json()
        return data
    kind = (
        UserError if answer.is_client_error and answer.status_code != httpx.codes.UNAUTHORIZED else WorkError
    )
    raise kind(f"the console refuses: {_reason(answer)}")


def _reason(answer: httpx.Response) -> str:
    try:
        problem: dict[str, Any] = answer.json()
    except ValueError:
        return f"HTTP {answer.status_code}"
    return str(problem.get("detail") or problem.get("title") or f"HTTP {answer.status_code}")
