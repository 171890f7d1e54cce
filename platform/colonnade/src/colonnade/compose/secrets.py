"""How a secret reaches a container: never by compose.yaml itself, and never by a command line."""

from collections.abc import Sequence
from dataclasses import dataclass

from colonnade.ir.platform import Bff, Identity, Reference

FOLDER = "/run/colonnade"
"""Where the platform's own secrets are mounted, each from a volume of its own, so that a part sees only
what it needs."""

ADMIN_TOKEN = "admin-token"  # noqa: S105 - the name of a file
SESSION_CLIENT = "session-client-secret"
SESSION_KEYS = "session-keys"


@dataclass(frozen=True, slots=True)
class Handed:
    """One secret variable: by the caller's environment, or read from a file as the process starts."""

    variable: str
    from_caller: str | None = None
    from_file: str | None = None
    mounted: tuple[str, str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variable as compose fills it in from the environment that it is called with."""
        name = self.from_caller
        return {self.variable: f"${{{name}:?set it before docker compose up}}"} if name else {}


def own_file(name: str) -> str:
    """Return where a container finds the secret of the platform's own that is called `name`."""
    return f"{FOLDER}/{name}/value"


def mount(name: str) -> str:
    """Return the volume that holds the secret, as the one that makes it mounts it."""
    return f"{name}:{FOLDER}/{name}"


def hand(variable: str, reference: Reference | None, own: str) -> Handed:
    """Return how `variable` is handed over; `own` is the secret's name where no one refers to one."""
    if reference is None:
        return Handed(variable, from_file=own_file(own))
    scheme, name = reference
    if scheme == "env":
        return Handed(variable, from_caller=name)
    return Handed(variable, from_file=f"/run/secrets/{own}", mounted=(own, name))


def of_machines(identity: Identity) -> list[Handed]:
    """Return how the secrets are handed over by which tokens of machines are judged."""
    return [
        hand(variable, reference, machine_secret(variable))
        for variable, reference in identity.machine_secrets.items()
    ]


def of_cache(bff: Bff) -> list[Handed]:
    """Return how a BFF is told where its instances share kept answers; nothing where they do not."""
    return [hand("CACHE_URL", bff.cache.url, cache_secret(bff))] if bff.cache else []


def cache_secret(bff: Bff) -> str:
    """Return the name that compose has for the URL of a BFF's cache."""
    return f"{bff.name}-cache-url"


def machine_secret(variable: str) -> str:
    """Return the name that compose has for the secret in `variable`."""
    return variable.lower().replace("_", "-")


def hand_file(variable: str, reference: Reference | None, own: str) -> tuple[dict[str, str], list[str]]:
    """Return the environment and the mounted secrets by which a process reads a secret from a file itself.

    The file's path is in `variable` with `_FILE` added, and the secret in `variable` where the caller has it.
    """
    if reference is None:
        return {f"{variable}_FILE": own_file(own)}, []
    scheme, name = reference
    if scheme == "env":
        return Handed(variable, from_caller=name).environment, []
    return {f"{variable}_FILE": f"/run/secrets/{own}"}, [own]


def command(module: str, handed: Sequence[Handed] = ()) -> list[str]:
    """Return the command of `python -m module`, with the secrets from files in its environment."""
    reads = [f'{one.variable}="$$(cat {one.from_file})"' for one in handed if one.from_file]
    if not reads:
        return ["python", "-m", module]
    return ["sh", "-ec", f"{'; '.join(reads)}; export {_names(handed)}; exec python -m {module}"]


def _names(handed: Sequence[Handed]) -> str:
    return " ".join(one.variable for one in handed if one.from_file)


def make_command(names: Sequence[str]) -> list[str]:
    """Return the command that makes the platform's own secrets, 256 random bits each, where missing."""
    fill = 'head -c 32 /dev/urandom | base64 -w 0 | tr "+/" "-_" >$$name/new; mv $$name/new $$name/value'
    each = f"for name in {' '.join(names)}; do [ -s $$name/value ] || {{ {fill}; }}; done"
    return ["sh", "-ec", f"umask 077; cd {FOLDER}; {each}"]
