"""Runs the edge's script as Envoy would, in Valkey's Lua: a clock of the test's, and no network."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import redis

from colonnade.envoy.filters.breaker import SCRIPT
from tests.breakers.history import Answer, Ask, History, Refusals
from tests.breakers.model import Settings

ENVOY = """
local settings, events = cjson.decode(ARGV[1]), cjson.decode(ARGV[2])
local noted, refusals = {}, {}
for _, event in ipairs(events) do
  local id, headers = event.request, event.headers
  local notes = {}
  function notes:get() return noted[id] end
  function notes:set(_, key, value) noted[id] = noted[id] or {}; noted[id][key] = value end
  local handle = {}
  function handle:timestamp() return event.at end
  function handle:filterContext() return settings[event.route] end
  function handle:streamInfo() return {dynamicMetadata = function() return notes end} end
  function handle:headers()
    return {get = function(_, key) return headers[key] end, remove = function(_, key) headers[key] = nil end}
  end
  function handle:respond(with) refusals[#refusals] = with["retry-after"] end
  if headers then
    envoy_on_response(handle)
  else
    refusals[#refusals + 1] = "admitted"
    envoy_on_request(handle)
  end
end
return cjson.encode(refusals)
"""
CHUNK = re.sub(r"^function ", "local function ", SCRIPT, flags=re.MULTILINE) + ENVOY
"""Valkey forbids globals, by which Envoy finds the script's functions."""

GOOD: Mapping[str, str] = {":status": "200"}
FAILED = {":status": "503", "x-colonnade-outcome": "failed"}
NOT_ASKED = {":status": "503", "x-colonnade-outcome": "unasked"}
NEVER_S = 1e12


def context(settings: Settings, patience: float = NEVER_S, route: str = "tv") -> dict[str, Any]:
    """The settings of a route as the compiler writes them; `patience` is in seconds."""
    found: dict[str, Any] = asdict(settings) | {"route": route, "unhealthy": [], "patience": patience * 1000}
    return found | {name: found[name] * 1000 for name in ("first_pause", "max_pause")}


def run(
    client: "redis.Redis",
    settings: Mapping[str, Mapping[str, object]],
    events: Sequence[Mapping[str, object]],
) -> Refusals:
    """Return what the script says to each request: None, or the seconds in `Retry-After`."""
    found = client.eval(CHUNK, 0, json.dumps(settings), json.dumps(events))
    return [None if refusal == "admitted" else int(refusal) for refusal in json.loads(found)]


def by_edge(client: "redis.Redis", settings: Settings, history: History) -> Refusals:
    """Return what the edge's breaker says to each `Ask`."""
    events, asked = [], 0
    headers = {True: GOOD, False: FAILED, None: NOT_ASKED}
    for event in history:
        if isinstance(event, Answer):
            events.append(answer(event.asked, event.at, headers[event.good]))
        elif isinstance(event, Ask):
            events.append(request(asked, event.at))
            asked += 1
    return run(client, {"tv": context(settings)}, events)


def request(number: int, at: float, route: str = "tv") -> dict[str, object]:
    return {"request": number, "at": at * 1000, "route": route}


def answer(number: int, at: float, headers: Mapping[str, str], route: str = "tv") -> dict[str, object]:
    return {"request": number, "at": at * 1000, "route": route, "headers": headers}
