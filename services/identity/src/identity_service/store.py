"""Codes, refresh tokens, sessions and revocations in SQLite; secrets only as hashes."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service_kit.documents import connect

CODE_LIFE_S = 60
ACCESS_LIFE_S = 300
SESSION_LIFE_S = 8 * 3600
REFRESH_LIFE_S = 14 * 24 * 3600

SCHEMA = """
CREATE TABLE IF NOT EXISTS codes (
    hash TEXT PRIMARY KEY, client_id TEXT, redirect_uri TEXT, scope TEXT, sub TEXT, sid TEXT,
    auth_time INTEGER, grant_id TEXT, nonce TEXT, challenge TEXT, expires INTEGER, used INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS refresh_tokens (
    hash TEXT PRIMARY KEY, client_id TEXT, scope TEXT, sub TEXT, sid TEXT, auth_time INTEGER,
    grant_id TEXT, expires INTEGER, used INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS sessions (
    hash TEXT PRIMARY KEY, sid TEXT, sub TEXT, auth_time INTEGER, expires INTEGER);
CREATE TABLE IF NOT EXISTS access_tokens (hash TEXT PRIMARY KEY, claims TEXT, expires INTEGER);
CREATE TABLE IF NOT EXISTS revoked (id TEXT PRIMARY KEY, expires INTEGER);
"""


def digest(secret: str) -> str:
    """Return what is kept of a secret with enough entropy of its own."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code, as Authlib asks about it."""

    hash: str
    client_id: str
    redirect_uri: str
    scope: str
    sub: str
    sid: str
    auth_time: int
    grant: str
    nonce: str | None
    code_challenge: str
    expires: int
    used: bool

    code_challenge_method = "S256"

    def get_redirect_uri(self) -> str:
        """Where the code was sent."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """What was granted."""
        return self.scope

    def get_nonce(self) -> str | None:
        """The client's nonce."""
        return self.nonce

    def get_auth_time(self) -> int:
        """When the user logged in, in seconds since 1970."""
        return self.auth_time

    def get_acr(self) -> None:
        """No class of authentication is claimed."""

    def get_amr(self) -> list[str]:
        """A password was typed."""
        return ["pwd"]


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token, as Authlib asks about it."""

    hash: str
    client_id: str
    scope: str
    sub: str
    sid: str
    auth_time: int
    grant: str
    expires: int
    used: bool

    def check_client(self, client: object) -> bool:
        """Whether the token belongs to `client`."""
        return self.client_id == client.get_client_id()  # type: ignore[attr-defined, no-any-return]

    def get_scope(self) -> str:
        """What was granted."""
        return self.scope


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is logged in at the provider."""

    sid: str
    sub: str
    auth_time: int


class GrantStore:
    """Keeps what the provider gave out. Writes are on disk when a method returns."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = connect(file)
        self._db.executescript(SCHEMA)
        for table in ("codes", "refresh_tokens", "access_tokens", "sessions", "revoked"):
            self._db.execute(f"DELETE FROM {table} WHERE expires < ?", (time.time() - 3600,))  # noqa: S608 - fixed words

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def add_code(self, code: Code) -> None:
        """Keep a new code."""
        values = (
            code.hash,
            code.client_id,
            code.redirect_uri,
            code.scope,
            code.sub,
            code.sid,
            code.auth_time,
        )
        values2 = (code.grant, code.nonce, code.code_challenge, code.expires, 0)
        self._db.execute("INSERT INTO codes VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", values + values2)

    def code(self, secret: str) -> Code | None:
        """Return the code, used or not."""
        row = self._db.execute("SELECT * FROM codes WHERE hash = ?", (digest(secret),)).fetchone()
        return Code(*row) if row else None

    def use_code(self, code: Code) -> bool:
        """Mark the code as used; False where somebody was faster."""
        cursor = self._db.execute("UPDATE codes SET used = 1 WHERE hash = ? AND used = 0", (code.hash,))
        return cursor.rowcount == 1

    def add_refresh_token(self, token: RefreshToken) -> None:
        """Keep a new refresh token."""
        values = (token.hash, token.client_id, token.scope, token.sub, token.sid, token.auth_time)
        self._db.execute(
            "INSERT INTO refresh_tokens VALUES (?,?,?,?,?,?,?,?,?)", (*values, token.grant, token.expires, 0)
        )

    def refresh_token(self, secret: str) -> RefreshToken | None:
        """Return the refresh token, used or not."""
        row = self._db.execute("SELECT * FROM refresh_tokens WHERE hash = ?", (digest(secret),)).fetchone()
        return RefreshToken(*row) if row else None

    def use_refresh_token(self, token: RefreshToken) -> bool:
        """Mark the refresh token as used; False where somebody was faster."""
        cursor = self._db.execute(
            "UPDATE refresh_tokens SET used = 1 WHERE hash = ? AND used = 0", (token.hash,)
        )
        return cursor.rowcount == 1

    def add_access_token(self, secret: str, claims: dict[str, Any]) -> None:
        """Keep what an opaque access token stands for."""
        values = (digest(secret), json.dumps(claims), claims["exp"])
        self._db.execute("INSERT INTO access_tokens VALUES (?,?,?)", values)

    def access_token(self, secret: str) -> dict[str, Any] | None:
        """Return the claims of an opaque access token, alive or not."""
        query = "SELECT claims FROM access_tokens WHERE hash = ?"
        row = self._db.execute(query, (digest(secret),)).fetchone()
        return json.loads(row[0]) if row else None

    def revoke(self, identifier: str, lifetime_s: int) -> None:
        """Refuse a grant or an access token (`jti`) from now on."""
        expires = int(time.time()) + lifetime_s
        self._db.execute("INSERT OR REPLACE INTO revoked VALUES (?, ?)", (identifier, expires))

    def is_revoked(self, *identifiers: str) -> bool:
        """Whether any of these is refused."""
        marks = ",".join("?" * len(identifiers))
        query = f"SELECT 1 FROM revoked WHERE id IN ({marks}) LIMIT 1"  # noqa: S608 - only question marks
        return self._db.execute(query, identifiers).fetchone() is not None

    def add_session(self, secret: str, session: Session, lifetime_s: int) -> None:
        """Keep a browser's session."""
        values = (digest(secret), session.sid, session.sub, session.auth_time, int(time.time()) + lifetime_s)
        self._db.execute("INSERT INTO sessions VALUES (?,?,?,?,?)", values)

    def session(self, secret: str) -> Session | None:
        """Return the session of a browser, if it lives."""
        query = "SELECT sid, sub, auth_time FROM sessions WHERE hash = ? AND expires > ?"
        row = self._db.execute(query, (digest(secret), time.time())).fetchone()
        return Session(*row) if row else None

    def end_session(self, sid: str) -> None:
        """Forget a browser's session and refuse every grant that came from it."""
        self._db.execute("DELETE FROM sessions WHERE sid = ?", (sid,))
        grants = (
            "SELECT grant_id FROM codes WHERE sid = ? UNION SELECT grant_id FROM refresh_tokens WHERE sid = ?"
        )
        for (grant,) in self._db.execute(grants, (sid, sid)).fetchall():
            self.revoke(grant, REFRESH_LIFE_S)
