"""`Set-Cookie` values. All are HttpOnly, SameSite=Lax and without a domain."""

LOGIN_LIFE_S = 600
"""Time to type a password, and to find the phone with the second factor."""


def session_cookie(name: str, value: str, *, secure: bool) -> tuple[str, str]:
    """Return the header that gives the browser its session; it lives until the browser closes."""
    return "set-cookie", f"{name}={value}{_flags(secure=secure)}"


def cleared(name: str, *, secure: bool) -> tuple[str, str]:
    """Return the header that takes a cookie away."""
    return "set-cookie", f"{name}=; Max-Age=0{_flags(secure=secure)}"


def login_cookie_name(state_digest: str, *, secure: bool) -> str:
    """Return the name of the cookie that binds one login to one browser; logins in two tabs have two."""
    return f"{'__Host-' if secure else ''}colonnade-login-{state_digest[:8]}"


def login_cookie(name: str, value: str, *, secure: bool) -> tuple[str, str]:
    """Return the header that binds a login to this browser."""
    return "set-cookie", f"{name}={value}; Max-Age={LOGIN_LIFE_S}{_flags(secure=secure)}"


def _flags(*, secure: bool) -> str:
    return f"; Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
