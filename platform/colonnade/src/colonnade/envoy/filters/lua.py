"""Scripts in the chain: what Envoy itself has no filter for."""

from importlib.resources import files

from colonnade.envoy.message import Json, typed

PACKAGE = "envoy.extensions.filters.http.lua.v3"
RARELY = 'collectgarbage("setpause", 1000)'
"""Memory may grow tenfold before it is looked through; a script has little, and looking is half its cost."""


def source(file: str) -> str:
    """Return a script that lies beside the filters."""
    return files("colonnade.envoy.filters").joinpath(file).read_text(encoding="utf-8")


def inline(script: str) -> Json:
    """Return `script` as Envoy takes it."""
    return {"inline_string": f"{RARELY}\n{script}"}


def running(script: str, **settings: object) -> Json:
    """Return the filter settings that run `script`."""
    return typed(f"{PACKAGE}.Lua", default_source_code=inline(script), **settings)


def on_route(context: Json, **settings: str) -> Json:
    """Return the settings of a route that runs a script, which finds `context` in them."""
    return typed(f"{PACKAGE}.LuaPerRoute", filter_context=context, **settings)
