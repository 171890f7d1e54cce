"""Where a local stack keeps its files: everything below `.colonnade` of the platform's folder."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one platform's local state."""

    root: Path

    @property
    def folder(self) -> Path:
        """The folder that holds all of it."""
        return self.root / ".colonnade"

    @property
    def state_file(self) -> Path:
        """What runs now, as the runner tells it."""
        return self.folder / "state.json"

    @property
    def lock_file(self) -> Path:
        """Locked by the runner for as long as it lives."""
        return self.folder / "runner.lock"

    @property
    def control_socket(self) -> Path:
        """Where the runner takes orders."""
        return self.folder / "control.sock"

    @property
    def versions(self) -> Path:
        """The versions of the configuration."""
        return self.folder / "config"

    @property
    def run(self) -> Path:
        """What the running processes read."""
        return self.folder / "run"

    @property
    def policy_file(self) -> Path:
        """The compiled policy document."""
        return self.run / "policy.json"

    @property
    def clients_file(self) -> Path:
        """The clients of the development identity provider."""
        return self.run / "clients.json"

    @property
    def admin_token_file(self) -> Path:
        """The bearer token of the admin API."""
        return self.folder / "secrets" / "admin-token"

    @property
    def session_secret_file(self) -> Path:
        """The development secret of the browser login's client."""
        return self.folder / "secrets" / "session-client-secret"

    @property
    def machine_secret_file(self) -> Path:
        """The secret of the program that `bff token` speaks for, at the development identity provider."""
        return self.folder / "secrets" / "machine-client-secret"

    @property
    def session_keys_file(self) -> Path:
        """The keys that encrypt the tokens of sessions, newest first."""
        return self.folder / "secrets" / "session-keys"

    @property
    def authority(self) -> Path:
        """The certificate of the development CA; it outlives the stack, so that who trusts it goes on to."""
        return self.folder / "tls" / "ca.pem"

    @property
    def certificates(self) -> Path:
        """The PEM files that the edges read."""
        return self.run / "tls"

    @property
    def peers_authority(self) -> Path:
        """The certificate of the CA that vouches for the platform's own parts, to each other only."""
        return self.folder / "tls" / "peers-ca.pem"

    def identity(self, part: str) -> Path:
        """Return the folder with the certificate that a part shows to others."""
        return self.run / "identities" / part

    @property
    def balancer_file(self) -> Path:
        """The configuration of the balancer in front of several edges."""
        return self.run / "balancer" / "envoy.json"

    @property
    def prometheus(self) -> Path:
        """The folder with the configuration of a Prometheus that watches this stack."""
        return self.run / "prometheus"

    def edge(self, number: int) -> Path:
        """Return the configuration folder of edge `number`, counted from 1."""
        return self.run / f"edge-{number}"

    def data(self, name: str) -> Path:
        """Return where the process `name` keeps its data."""
        return self.folder / "data" / name

    def log(self, name: str) -> Path:
        """Return the log file of the process `name`; the runner's own is `colonnade`."""
        return self.folder / "logs" / f"{name}.log"

    def make(self) -> None:
        """Make the folders; nobody else on the machine may look inside."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        for folder in (
            self.run,
            self.versions,
            self.folder / "logs",
            self.data("valkey"),
            self.balancer_file.parent,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        self.admin_token_file.parent.mkdir(mode=0o700, exist_ok=True)


def make_secret(file: Path) -> str:
    """Return the secret in `file`; make 256 random bits there, readable by this user only, if missing."""
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return file.read_text(encoding="utf-8").strip()
    secret = secrets.token_urlsafe(32)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(secret + "\n")
    return secret
