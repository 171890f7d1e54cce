"""Restarts processes one after the other, without losing a request.

Who has an address that others were told once starts anew at the same place: Valkey, the identity provider and
the console. An Envoy hands its sockets to the next. Everybody else gets a successor at another port, and ends
once nothing is sent to it any more. Questions to Valkey wait meanwhile: policy services are told before.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence

from colonnade.errors import ColonnadeError, UserError
from colonnade.ir.instances import numbered
from colonnade.local import hot
from colonnade.local.changes import Change
from colonnade.local.child import Child
from colonnade.local.health import ask
from colonnade.local.hot_restart import hot_restart
from colonnade.local.ports import Ports
from colonnade.local.spec import held
from colonnade.local.stack import Stack

BALANCER = "balancer"
VALKEY = "valkey"
IN_PLACE = (VALKEY, "identity", "console")
HELD_WITHIN_S = 2.0


async def restart(stack: Stack, names: Sequence[str]) -> list[str]:
    """Restart the named processes, or all without names; return which were, those that had to follow too.

    Raises `UserError` for a name that no process has, `WorkError` where a process does not come up: it then
    stays as it was, and so do those whose turn had not come.
    """
    children = stack.supervisor.children
    if unknown := [name for name in names if name not in children]:
        raise UserError(f"there is no process {unknown[0]}", f"there are {', '.join(children)}")
    chosen = [name for name in children if name in names or not names]
    envoys = _envoys(chosen, children)
    beside = [name for name in chosen if name not in {*IN_PLACE, *envoys}]
    done = [name for name in chosen if name in IN_PLACE]
    for name in done:
        if name == VALKEY:
            await _hold(stack)
        await children[name].again()
    done += await _beside(stack, beside)
    for name in envoys:
        await _envoy(stack, children[name])
    return [*done, *envoys]


async def renew(stack: Stack, parts: Collection[str]) -> None:
    """Restart the processes of parts whose certificates were renewed, and tell how it went."""
    instances = {part.name: part.instances for part in stack.platform.bffs}
    instances |= {part.name: part.instances for part in stack.platform.services}
    names = [name for part in parts for name in instances.get(part, ())]
    if not names:
        return  # they have gone meanwhile, and no names would mean all
    try:
        done = await restart(stack, names)
    except ColonnadeError as error:
        stack.output.say(f"certificates were renewed, but not taken up (bff restart): {error.message}")
    else:
        stack.output.say(f"restarted with renewed certificates: {', '.join(done)}")


async def _hold(stack: Stack) -> None:
    """Have every policy service keep its questions back; one that does not answer fails them by itself."""
    names = numbered("policy", stack.platform.edge.replicas)
    token = stack.machine.hold_token
    await asyncio.gather(*(ask(held(stack.ports[name], token), HELD_WITHIN_S) for name in names))


def _envoys(chosen: Sequence[str], children: Mapping[str, Child]) -> list[str]:
    """The chosen Envoys, the balancer first, and with it all: its connections end with those of the edges."""
    envoys = sorted((name for name, child in children.items() if child.spec.admin_port), key=BALANCER.__ne__)
    return envoys if BALANCER in chosen else [name for name in envoys if name in chosen]


async def _beside(stack: Stack, names: Sequence[str]) -> list[str]:
    """Let others take the places of processes: first of those that are called by more than the edges."""
    called = [name for name in names if len(_move(stack, [name])[1].changed) > 1]
    done: list[str] = []
    for group in (called, *([name] for name in names)):
        if group and not set(group) <= set(done):
            ports, change = _move(stack, group)
            await stack.switch(stack.platform, ports, change)
            done += [spec.name for spec in change.changed]
    return done


def _move(stack: Stack, names: Sequence[str]) -> tuple[Ports, Change]:
    return stack.beside(names, stack.platform, stack.ports)


async def _envoy(stack: Stack, child: Child) -> None:
    if hot.restartable(child.spec):
        await hot_restart(stack.supervisor, child.spec.name)
    else:
        await child.again()
