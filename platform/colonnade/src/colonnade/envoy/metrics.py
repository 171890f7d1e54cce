"""What an edge counts, and where Prometheus reads it: a listener that shows one page of the admin's."""

from colonnade.envoy.message import Json, duration, socket_address, typed
from colonnade.ir.target import Address

ADMIN = "edge-admin"
LISTENER = "metrics"
PATH = "/metrics"
EXPOSED = "/stats/prometheus?usedonly"
"""Series that never counted anything are left out; of the thousands, most never do."""
SCRAPE_S = 10.0
CONNECT_S = 1.0

BUCKETS_MS = (5, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000, 10_000, 30_000)
"""Upper bounds of every histogram: 2 s is the bound of the alert."""

NOISE = (
    # What this listener and the admin do themselves.
    rf"((listener|http)\.(admin|{LISTENER})|cluster\.{ADMIN})\..*",
    # A listener's requests are counted by its connection manager, whatever thread has them.
    r"listener\..*\.(worker_\d+|http)\..*",
    # How resources arrive; whether they were refused stays.
    r"(cluster|http|listener_manager|cluster_manager|sds)\..*(version|update_(time|duration|no_rebuild|attempt|empty))",
    # Histograms of connections.
    r".*\.(downstream_cx_length_ms|upstream_cx_(length|connect)_ms|upstream_rq_per_cx)",
    r".*\.connections_accepted_per_socket_event",
    # Of clusters: the same requests again, by where they came from; and what is not used here.
    r"cluster\..*\.(internal|external|canary|zone|http[12])\..*",
    r"cluster\..*\.(lb_(subsets|zone|local|recalculate)|original_dst|assignment|upstream_internal_redirect).*",
    r"cluster\..*\.(upstream_flow_control|upstream_cx_http|upstream_rq_0rtt|upstream_cx_connect_with).*",
    # Of a route: single statuses, where classes say it, and what is counted of its cluster.
    r"vhost\..*\.(vcluster\.|upstream_rq_([0-9]{3}$|completed|retry)).*",
    # One series for each cipher, curve and version of a handshake.
    r".*\.ssl\.(ciphers|curves|sigalgs|versions)\..*",
)
"""Statistics that are not made at all: with many routes and BFFs they would be most of an edge's memory."""

TAGS = (
    ("envoy.cluster_name", None),
    ("envoy.http_conn_manager_prefix", None),
    ("envoy.response_code_class", None),
    ("envoy.response_code", None),
    ("envoy.listener_address", None),
    # A route's name is `<bff>` or `<bff>.<route>`, and a host has dots too.
    ("host", r"^vhost(\.(.+?))\.route\."),
    ("route", r"^vhost\..+?\.route(\.(.+))\.upstream_rq_"),
    ("bff", r"^vhost\..+?\.route(\.([^.]+))\..*upstream_rq_"),
    ("limit", r"^limit(\.(.+))\.http_local_rate_limit\."),
)
"""What becomes a label: the first group is taken out of the name, the second is the label's value."""


def counting() -> Json:
    """Return the settings of the bootstrap that say what is counted, and under which names."""
    return {
        "stats_config": {
            "use_all_default_tags": False,
            "stats_tags": [{"tag_name": name} | ({"regex": regex} if regex else {}) for name, regex in TAGS],
            "stats_matcher": {
                "exclusion_list": {"patterns": [{"safe_regex": {"regex": regex}} for regex in NOISE]}
            },
            "histogram_bucket_settings": [{"match": {"safe_regex": {"regex": ".*"}}, "buckets": BUCKETS_MS}],
        },
        # Histograms are merged when somebody reads, for the next who does, and not every few seconds.
        "stats_flush_on_admin": True,
    }


def metrics_listener(listen: Address) -> Json:
    """Return the listener that answers `GET /metrics`, and nothing else that the admin would."""
    only = {"name": ":method", "string_match": {"exact": "GET"}}
    page = {
        "match": {"path": PATH, "headers": [only]},
        "route": {"cluster": ADMIN, "prefix_rewrite": EXPOSED, "timeout": duration(SCRAPE_S)},
    }
    manager = typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=LISTENER,
        generate_request_id=False,
        route_config={"virtual_hosts": [{"name": LISTENER, "domains": ["*"], "routes": [page]}]},
        http_filters=[
            {
                "name": "envoy.filters.http.router",
                "typed_config": typed("envoy.extensions.filters.http.router.v3.Router"),
            }
        ],
    )
    return {
        "name": LISTENER,
        "stat_prefix": LISTENER,
        "address": socket_address(listen),
        "ignore_global_conn_limit": True,
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }


def admin_cluster(admin: Address) -> Json:
    """Return the cluster of the edge's own admin address."""
    endpoint = {"endpoint": {"address": socket_address(admin)}}
    return {
        "name": ADMIN,
        "type": "STATIC",
        "connect_timeout": duration(CONNECT_S),
        "load_assignment": {"cluster_name": ADMIN, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
