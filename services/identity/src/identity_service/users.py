"""The development users; the password is the name."""

import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """Someone who can log in; `sub` is also the id in the user service."""

    sub: str
    name: str
    email: str
    roles: tuple[str, ...]


USERS = {
    "alice": User("alice", "Alice Moreau", "alice@example.com", ("user",)),
    "bob": User("bob", "Bob Tanaka", "bob@example.com", ("user", "admin")),
}


def check_password(username: str, password: str) -> User | None:
    """Return the user, or None; how long it takes tells nothing."""
    user = USERS.get(username)
    expected = user.sub if user else "no such user"
    same = hmac.compare_digest(expected.encode(), password.encode())
    return user if same else None


@dataclass(frozen=True, slots=True)
class Login:
    """A user who proved who they are: in which browser session, when, and under which grant.

    `grant` ties together all that descends from one authorization, so that it can be revoked whole.
    """

    user: User
    sid: str
    auth_time: int
    grant: str

    def get_user_id(self) -> str:
        """The subject, as Authlib asks for it."""
        return self.user.sub
