"""The login page and the page after a logout."""

from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

_templates = Environment(
    loader=PackageLoader("identity_service", "html"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)
STYLE = _templates.get_template("style.css").render()


def login_page(client_id: str, action: str, csrf: str, redirect_uri: str, error: str = "") -> HTMLResponse:
    """Return the form that asks for name and password; `error` is told above it."""
    html = _templates.get_template("login.html").render(
        client=client_id, action=action, csrf=csrf, error=error
    )
    return _page(html, 401 if error else 200, _form_target(redirect_uri))


def logout_page(user: str, csrf: str, fields: dict[str, str], target: str) -> HTMLResponse:
    """Return the form that asks whether `user` meant to log out; `fields` go with the answer."""
    html = _templates.get_template("logout.html").render(user=user, csrf=csrf, fields=fields)
    return _page(html, 200, _form_target(target))


def message_page(title: str, text: str, status: int = 200) -> HTMLResponse:
    """Return a page that says one thing."""
    return _page(_templates.get_template("message.html").render(title=title, text=text), status, "")


def _form_target(redirect_uri: str) -> str:
    """Where the browser may be redirected after the form: Chromium holds redirects to `form-action` too.

    Browsers know no IPv6 address in a policy; there, and for an app's own scheme, the scheme must do.
    """
    parts = urlsplit(redirect_uri)
    whole = parts.netloc and not parts.netloc.startswith("[")
    return f"{parts.scheme}://{parts.netloc}" if whole else f"{parts.scheme}:" * bool(parts.scheme)


def _page(html: str, status: int, target: str) -> HTMLResponse:
    response = HTMLResponse(html, status)
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; form-action 'self' {target}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
