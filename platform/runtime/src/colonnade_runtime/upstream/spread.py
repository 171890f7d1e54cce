"""The transport to all services: those of several instances are balanced."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from colonnade_runtime.metrics import Labels, family
from colonnade_runtime.upstream.balance import Balanced
from colonnade_runtime.upstream.call import Call, Reply, Transport
from colonnade_runtime.upstream.instance import Instance


class Spread:
    """Sends a call to the service's instances; by `plain` where there is one, at no cost."""

    def __init__(self, balanced: Mapping[str, Balanced], plain: Transport) -> None:
        self._balanced = balanced
        self._plain = plain
        self.send: Callable[[Call], Coroutine[Any, Any, Reply]] = self._send if balanced else plain.send

    async def _send(self, call: Call) -> Reply:
        return await self._balanced.get(call.service, self._plain).send(call)

    def metrics(self) -> list[str]:
        """Return the lines of all instances."""
        used = ((labels, float(instance.used)) for labels, instance in self._each())
        left_out = ((labels, float(instance.left_out)) for labels, instance in self._each())
        return [
            *family("colonnade_instance_used", "gauge", used),
            *family("colonnade_instance_left_out_total", "counter", left_out),
        ]

    def _each(self) -> Iterable[tuple[Labels, Instance]]:
        for service, balanced in self._balanced.items():
            for instance in balanced.instances:
                number = instance.number
                name = f"{service}-{number + 1}" if number else service  # as `bff ps` calls it
                yield {"service": service, "instance": name}, instance
