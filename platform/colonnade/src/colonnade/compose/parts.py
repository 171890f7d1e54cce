"""The containers of a platform."""

from collections.abc import Iterable

from colonnade.compose import certificates, identities, networks, secrets
from colonnade.compose.addresses import (
    BFF_METRICS_PORT,
    EDGE_FOLDER,
    HTTP3_PORT,
    IDENTITY_PORT,
    LEASE_PORT,
    POLICY_PORT,
    VALKEY_PORT,
    collector,
    edge_ports,
    edges,
    instances,
    issuer,
    replicas,
)
from colonnade.compose.mounted import BALANCER_FILE, CLIENTS_FILE, FOLDER, POLICY_FILE
from colonnade.compose.part import HTTP_HEALTH, PEER_HEALTH, VALKEY_HEALTH, Image, Part, healthy
from colonnade.ir.cache import cached
from colonnade.ir.observability import tracing
from colonnade.ir.platform import Bff, Platform, Service
from colonnade.ir.upstream import upstream

CONFIG_MOUNT = f"config:{FOLDER}"
ADMIN_MOUNT = secrets.mount(secrets.ADMIN_TOKEN)
CLIENT_MOUNT = secrets.mount(secrets.SESSION_CLIENT)
KEYS_MOUNT = secrets.mount(secrets.SESSION_KEYS)
METRICS = {"METRICS_PORT": str(BFF_METRICS_PORT)}
COMPILED = {"config": "service_completed_successfully"}
MADE = {"secrets": "service_completed_successfully"}
PYTHON = {"PYTHON_IMAGE": "${PYTHON_IMAGE:-python:3.11-slim}"}
VALKEY = {"VALKEY_IMAGE": "${VALKEY_IMAGE:-valkey/valkey:8}"}
EDGE_IMAGE = Image("edge", "platform/edge/Dockerfile", PYTHON)
ENVOY_IMAGE = Image("envoy", "deploy/envoy/Dockerfile", PYTHON)
VALKEY_IMAGE = Image("valkey", "deploy/valkey/Dockerfile", VALKEY)


def parts(platform: Platform) -> dict[str, Part]:
    """Return every container by name, from outside to inside."""
    found = {"balancer": balancer(platform)}
    found |= {name: envoy(platform, name) for name in replicas(platform, "envoy")}
    found |= {name: policy(platform) for name in replicas(platform, "policy")}
    found |= {"console": console(platform)}
    found |= {name: backend(bff, platform) for bff in platform.bffs for name in bff.instances}
    run = [service for service in platform.services if service.path]
    found |= {name: microservice(service, platform, name) for service in run for name in service.instances}
    if platform.development:
        found |= {"identity": identity(platform)}
    if platform.store_url is None:
        found |= {"valkey": valkey()}
    return found | {"config": config(platform), "secrets": make_secrets()}


def balancer(platform: Platform) -> Part:
    """Layer 4, and the only way in: it spreads connections over the edges that are healthy."""
    return Part(
        image=ENVOY_IMAGE,
        command=["-c", f"{FOLDER}/{BALANCER_FILE}"],
        networks=[networks.FRONT, networks.EDGE],
        memory="128m",
        environment={"PORT": str(platform.edge.port)},
        needs=COMPILED | healthy(*replicas(platform, "envoy")),
        volumes=[f"{CONFIG_MOUNT}:ro"],
        ports=[(port, port) for port in edge_ports(platform)],
        health=HTTP_HEALTH,
    )


def envoy(platform: Platform, name: str) -> Part:
    """One edge; by HTTP/3 clients reach it at a port of its own, which the edges share out from TLS's on."""
    tls = platform.edge.tls
    http3 = tls.port + replicas(platform, "envoy").index(name) if tls is not None and tls.http3 else None
    return Part(
        image=ENVOY_IMAGE,
        command=["-c", f"{EDGE_FOLDER}/envoy.json"],
        networks=networks.of_edge(published=http3 is not None),
        memory="256m",
        environment={"PORT": str(platform.edge.port), **({HTTP3_PORT: str(http3)} if http3 else {})},
        needs=COMPILED | healthy(*replicas(platform, "policy"), *_names(platform.backends)),
        volumes=[
            f"{CONFIG_MOUNT}:ro",
            *([f"{certificates.MOUNT}:ro"] if tls else []),
            *identities.mount(platform),
        ],
        udp_ports=[(http3, tls.port)] if tls is not None and http3 is not None else [],
        health=HTTP_HEALTH,
    )


def policy(platform: Platform) -> Part:
    """The policy service that the edges ask."""
    client = _session_client(platform)
    store = _store(platform)
    machines = secrets.of_machines(platform.identity)
    reference = platform.identity.session.encryption_keys
    keys, keys_mounted = secrets.hand_file("SESSION_KEYS", reference, secrets.SESSION_KEYS)
    at_identity = {"IDENTITY_URL": f"http://identity:{IDENTITY_PORT}"} if platform.development else {}
    at_home = healthy("identity") if platform.development else {}
    volumes = [
        *([CLIENT_MOUNT] if platform.development else []),
        *([KEYS_MOUNT] if reference is None else []),
    ]
    return Part(
        image=EDGE_IMAGE,
        command=secrets.command("colonnade_edge", [client, *store, *machines]),
        networks=networks.of_policy(platform),
        memory="256m",
        environment={
            **_process(POLICY_PORT, platform),
            "LEASE_PORT": str(LEASE_PORT),
            "POLICY_FILE": f"{FOLDER}/{POLICY_FILE}",
            "EDGE_URLS": " ".join(edge.url for edge in edges(platform)),
            **_store_environment(store),
            **client.environment,
            **keys,
            **{name: value for one in machines for name, value in one.environment.items()},
            **at_identity,
            **tracing(collector(platform), "policy"),
        },
        needs=COMPILED | (MADE if volumes else {}) | _store_needs(platform) | at_home,
        volumes=[f"{volume}:ro" for volume in (CONFIG_MOUNT, *volumes)],
        secrets=[*_mounted(client, *store, *machines), *keys_mounted],
        health=HTTP_HEALTH,
    )


def console(platform: Platform) -> Part:
    """The status page and the admin API."""
    store = _store(platform)
    port = platform.edge.console_port
    return Part(
        image=EDGE_IMAGE,
        command=secrets.command("colonnade_edge.console", store),
        networks=networks.of_console(platform),
        memory="256m",
        environment={
            **_process(port, platform),
            "POLICY_FILE": f"{FOLDER}/{POLICY_FILE}",
            "ADMIN_TOKEN_FILE": secrets.own_file(secrets.ADMIN_TOKEN),
            **_store_environment(store),
        },
        needs=COMPILED | MADE | _store_needs(platform),
        volumes=[f"{CONFIG_MOUNT}:ro", f"{ADMIN_MOUNT}:ro"],
        secrets=_mounted(*store),
        ports=[(port, port)],
        health=HTTP_HEALTH,
    )


def backend(bff: Bff, platform: Platform) -> Part:
    """A BFF."""
    used = [service for service in platform.services if service.name in bff.services]
    told: dict[str, str] = {}
    for service in used:
        told |= upstream(service, instances(service), platform)
    cache = secrets.of_cache(bff)
    return Part(
        image=Image(bff.name, f"bffs/{bff.name}/Dockerfile", PYTHON),
        command=secrets.command(bff.package, cache),
        networks=networks.of_bff(bff, platform),
        memory="256m",
        environment={
            **_process(bff.port, platform),
            **METRICS,
            **dict(bff.drain),
            **tracing(collector(platform), bff.name),
            **told,
            **cached(bff.cache),
            **{name: value for one in cache for name, value in one.environment.items()},
            **identities.environment(platform),
        },
        needs=_identity_needs(platform) | healthy(*_names(service for service in used if service.path)),
        volumes=identities.mount(platform, bff.name),
        secrets=_mounted(*cache),
        health=PEER_HEALTH if platform.mtls else HTTP_HEALTH,
    )


def microservice(service: Service, platform: Platform, name: str) -> Part:
    """The instance `name` of a microservice of the platform's own.

    All have the same data, which the first makes before the others look for it.
    """
    folder = str(service.path).rpartition("/")[2]
    grpc = {"GRPC_PORT": str(service.grpc_port)} if service.grpc_port else {}
    return Part(
        image=Image(service.name, "services/Dockerfile", PYTHON | {"SERVICE": folder}),
        command=secrets.command(f"{folder.replace('-', '_')}_service"),
        networks=networks.of_service(service),
        memory="256m",
        environment={
            **_process(service.port, platform),
            **grpc,
            "DATA_DIR": "/data",
            **tracing(collector(platform), service.name),
            **identities.environment(platform),
        },
        needs=_identity_needs(platform) | ({} if name == service.name else healthy(service.name)),
        volumes=[f"{service.name}-data:/data", *identities.mount(platform, service.name)],
        health=PEER_HEALTH if platform.mtls else HTTP_HEALTH,
    )


def identity(platform: Platform) -> Part:
    """The development identity provider; browsers reach it by the port it publishes."""
    client = secrets.hand("SESSION_CLIENT_SECRET", None, secrets.SESSION_CLIENT)
    return Part(
        image=Image("identity", "services/Dockerfile", PYTHON | {"SERVICE": "identity"}),
        command=secrets.command("identity_service", [client]),
        networks=[networks.FRONT, networks.BACKEND],
        memory="256m",
        environment={
            **_process(IDENTITY_PORT, platform),
            "ISSUER": issuer(platform),
            "CLIENTS_FILE": f"{FOLDER}/{CLIENTS_FILE}",
            "DATA_DIR": "/data",
        },
        needs=COMPILED | MADE,
        volumes=[f"{CONFIG_MOUNT}:ro", f"{CLIENT_MOUNT}:ro", "identity-data:/data"],
        ports=[(IDENTITY_PORT, IDENTITY_PORT)],
        health=HTTP_HEALTH,
    )


def valkey() -> Part:
    """The store, on a volume."""
    return Part(
        image=VALKEY_IMAGE,
        networks=[networks.STORE],
        memory="256m",
        volumes=["valkey-data:/var/lib/colonnade"],
        health=VALKEY_HEALTH,
    )


def config(platform: Platform) -> Part:
    """Compiles the manifests and copies the edges' certificates into volumes that others read, and ends."""
    return Part(
        image=Image("compiler", "platform/colonnade/Dockerfile", PYTHON | identities.build(platform)),
        command=["python", "-m", "colonnade.cli.containers", "/platform", FOLDER],
        networks=[],
        memory="256m",
        volumes=[
            "./colonnade.yaml:/platform/colonnade.yaml:ro",
            "./bffs:/platform/bffs:ro",
            *(f"./{file}:/platform/{file}:ro" for file in _descriptors(platform)),
            CONFIG_MOUNT,
            *certificates.volumes(platform),
            *identities.volumes(platform),
        ],
        secrets=list(certificates.given(platform)),
        restart="no",
    )


def _descriptors(platform: Platform) -> list[str]:
    """What the compiler reads beside the manifests."""
    return [service.descriptor for service in platform.services if service.descriptor is not None]


def make_secrets() -> Part:
    """Makes the platform's own secrets once, each in its volume, and ends."""
    return Part(
        image=EDGE_IMAGE,
        command=secrets.make_command([secrets.ADMIN_TOKEN, secrets.SESSION_CLIENT, secrets.SESSION_KEYS]),
        networks=[],
        memory="64m",
        volumes=[ADMIN_MOUNT, CLIENT_MOUNT, KEYS_MOUNT],
        restart="no",
    )


def _process(port: int, platform: Platform) -> dict[str, str]:
    environment = "development" if platform.development else "production"
    # Every interface of the container: only its networks reach it.
    return {"HOST": "0.0.0.0", "PORT": str(port), "COLONNADE_ENV": environment, "COLONNADE_LOG": "json"}  # noqa: S104 - said above


def _identity_needs(platform: Platform) -> dict[str, str]:
    """Certificates are made before who shows them starts."""
    return COMPILED if platform.mtls else {}


def _names(parts: Iterable[Bff | Service]) -> list[str]:
    """The containers of parts that may run several times."""
    return [name for part in parts for name in part.instances]


def _session_client(platform: Platform) -> secrets.Handed:
    reference = platform.identity.session.client_secret
    return secrets.hand("SESSION_CLIENT_SECRET", reference, secrets.SESSION_CLIENT)


def _store(platform: Platform) -> list[secrets.Handed]:
    url = platform.store_url
    return [] if url is None else [secrets.hand("STORE_URL", url, "store-url")]


def _store_environment(store: list[secrets.Handed]) -> dict[str, str]:
    return store[0].environment if store else {"STORE_URL": f"redis://valkey:{VALKEY_PORT}/0"}


def _store_needs(platform: Platform) -> dict[str, str]:
    return {} if platform.store_url else healthy("valkey")


def _mounted(*handed: secrets.Handed) -> list[str]:
    return [one.mounted[0] for one in handed if one.mounted]
