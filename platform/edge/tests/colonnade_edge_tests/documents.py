"""Policy documents and credentials as the compiler and Envoy would write them."""

import json
import secrets
import time
from base64 import urlsafe_b64encode
from itertools import count
from pathlib import Path

from colonnade_policy import (
    FORMAT_VERSION,
    Identity,
    Limit,
    PolicyDocument,
    Route,
    Session,
    StoreFailure,
    encode,
)
from colonnade_policy.limits import Rule

_numbers = count(1)


def limit(
    name: str,
    rate: int = 100,
    burst: int = 5,
    *,
    period_s: float = 3600.0,
    key: tuple[str, ...] = ("consumer",),
    on_store_failure: StoreFailure = "allow",
) -> Limit:
    """An hour is long: no token comes back while a test runs, unless it asks for that."""
    rule = Rule("token_bucket", rate, round(period_s * 1_000_000), burst)
    return Limit(name, name.rsplit(".", 1)[-1], rule, key, "store", on_store_failure)


def routes() -> dict[str, Route]:
    return {
        "web": Route("web", "session", (), (limit("web.per-consumer", burst=50),)),
        "shared": Route(
            "web", "session", trusted_origins=("https://app.example.com", "https://*.trusted.example")
        ),
        "mobile": Route("mobile", "jwt", (), (limit("mobile.per-consumer"),)),
        "scoped": Route("mobile", "jwt", ("read", "write"), ()),
        "grouped": Route("mobile", "jwt", (), (), groups=("premium", "admin")),
        "claimed": Route("mobile", "jwt", (), (), claims={"org.tenant": ("acme", "beta"), "level": (2,)}),
        "machines": Route("mobile", "client_credentials", (), ()),
        "iot": Route("iot", "api_key", (), (limit("iot.per-consumer"),)),
        "sealed": Route("iot", "api_key", (), (), certificate=True),
        "iot-scoped": Route("iot", "api_key", ("ingest",), ()),
        "open": Route("web", "none", (), (limit("open.per-address", key=("consumer",)),)),
        "free": Route("web", "none", (), ()),
        "two": Route(
            "mobile", "jwt", (), (limit("two.narrow", burst=2), limit("two.wide", burst=9, key=("route",)))
        ),
        "parts": Route(
            "web", "none", (), (limit("parts.l", burst=1, key=("header:x-tenant", "path", "ip")),)
        ),
        "allow": Route("mobile", "jwt", (), (limit("f.allow", burst=2, on_store_failure="allow"),)),
        "deny": Route("mobile", "jwt", (), (limit("f.deny", burst=2, on_store_failure="deny"),)),
        "local": Route("mobile", "jwt", (), (limit("f.local", burst=2, on_store_failure="local"),)),
        "busy": Route("mobile", "jwt", (), (limit("busy.l", burst=500, on_store_failure="deny"),)),
    }


def document(issuer: str = "http://127.0.0.1:8100", **changes: object) -> PolicyDocument:
    fields: dict[str, object] = {
        "version": FORMAT_VERSION,
        "revision": "test-1",
        "development": True,
        "identity": Identity(issuer, "colonnade"),
        "session": Session("web", ("openid", "profile", "email", "offline_access"), 1800.0, 28800.0),
        "routes": routes(),
        **changes,
    }
    return PolicyDocument(**fields)  # type: ignore[arg-type]


def publish(path: Path, what: PolicyDocument | bytes) -> None:
    """Write as the compiler does: beside, then renamed."""
    draft = path.with_suffix(".new")
    draft.write_bytes(what if isinstance(what, bytes) else encode(what))
    draft.replace(path)


def new_session_key() -> str:
    """Return a line of the session keys' file."""
    return f"{secrets.token_urlsafe(32)}\n"


def subject() -> str:
    """A user nobody has used before, so that tests do not share buckets."""
    return f"user-{next(_numbers)}"


def payload(sub: str, **claims: object) -> str:
    """What Envoy forwards of a verified token."""
    standard = {"iss": "i", "aud": "colonnade", "exp": time.time() + 60, "client_id": "mobile"}
    token = {**standard, "sub": sub, "scope": "openid", **claims}
    return urlsafe_b64encode(json.dumps(token).encode()).decode().rstrip("=")


def question(route: str, **headers: str) -> dict[str, str]:
    """The headers of a question by Envoy; underscores become hyphens."""
    return {"x-colonnade-route": route, **{name.replace("_", "-"): value for name, value in headers.items()}}


def mobile(route: str, sub: str, **claims: object) -> dict[str, str]:
    return question(route, x_colonnade_jwt=payload(sub, **claims))
