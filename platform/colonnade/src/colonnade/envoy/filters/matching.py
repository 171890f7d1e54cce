"""Filters that only some requests of a route, or only some answers, are for: the others cost a comparison."""

from colonnade.envoy.message import Json, typed

COMPOSITE = "envoy.extensions.filters.http.composite.v3"
MATCHING = "envoy.extensions.common.matching.v3"
REQUEST = "envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
RESPONSE = "envoy.type.matcher.v3.HttpResponseHeaderMatchInput"
SKIP = "envoy.extensions.filters.common.matcher.action.v3.SkipFilter"


def skipped_with(request_header: str, config: Json) -> Json:
    """Return the settings of a filter that leaves requests alone which carry `request_header`."""
    return _skipped(_carries(REQUEST, request_header), config)


def skipped_without(response_header: str, config: Json) -> Json:
    """Return the settings of a filter that leaves answers alone which do not carry `response_header`.

    To requests it must do nothing: of its answer nothing is known then.
    """
    return _skipped({"not_matcher": _carries(RESPONSE, response_header)}, config)


def _skipped(when: Json, config: Json) -> Json:
    skip = {"name": "skip", "typed_config": typed(SKIP)}
    return typed(
        f"{MATCHING}.ExtensionWithMatcher",
        extension_config={"name": "skipped", "typed_config": config},
        xds_matcher={"matcher_list": {"matchers": [{"predicate": when, "on_match": {"action": skip}}]}},
    )


def _carries(source: str, header: str) -> Json:
    value = {"safe_regex": {"google_re2": {}, "regex": ".+"}}
    found = {"name": header, "typed_config": typed(source, header_name=header)}
    return {"single_predicate": {"input": found, "value_match": value}}
