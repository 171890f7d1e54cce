"""Where a declared call does not fit its service's contract."""

from collections.abc import Iterator, Mapping

from colonnade.contracts.calls import Call, Sent
from colonnade.contracts.openapi import Contract, Operation, Parameter
from colonnade.contracts.schema import Comparison, Mismatch, Type
from colonnade.errors import nearest

NOTHING = {"type": "null"}
"""What a call reads that is declared `-> None`."""
SENDING, READING = Comparison(by_service=False), Comparison(by_service=True)


def unreachable(call: Call, services: Mapping[str, object]) -> Iterator[Mismatch]:
    """Yield why `call` reaches none of the platform's `services`, whatever their contracts say."""
    if call.service not in services:
        yield Mismatch("", f"there is no service {call.service!r}", nearest(call.service, services))
    elif call.service not in call.bff.services:
        what = f"{call.bff.name} does not use the service {call.service!r}"
        yield Mismatch("", what, f"add it to `services` in bffs/{call.bff.name}/bff.yaml")
    elif call.app_services is not None and call.service not in call.app_services:
        what = f"the application does not use the service {call.service!r}"
        yield Mismatch("", what, "add it to the `services` of App(…)")


def breaches(call: Call, contract: Contract) -> Iterator[Mismatch]:
    """Yield why `call` would fail, or read what is not there; nothing where it fits."""
    operation = contract.find(call.method, call.path)
    if operation is None:
        what = f"{call.service} has no {call.method} {call.path}"
        yield Mismatch("", what, nearest(call.path, contract.paths))
        return
    yield from _parameters(call, operation)
    yield from _headers(call, operation, contract.secrets)
    yield from _body(call, operation)
    if call.read.schema == NOTHING:
        return
    if operation.gives is not None:
        yield from READING.mismatches(operation.gives, call.read)
    elif call.read.kind or "$ref" in call.read.schema:
        yield Mismatch("", f"{call.service} gives no JSON here")


def _parameters(call: Call, operation: Operation) -> Iterator[Mismatch]:
    """Names count in the query only: in a path, a parameter is known by its place."""
    known = {one.name: one for one in operation.parameters if one.place == "query"}
    sent = {one.name: one for one in call.sent if one.place == "query"}
    for name, one in sent.items():
        if name not in known:
            yield Mismatch(name, f"{call.service} knows no such parameter", nearest(name, known))
        else:
            yield from _parameter(one, known[name])
    for name, parameter in known.items():
        if parameter.required and name not in sent:
            yield Mismatch(name, f"{call.service} needs this parameter")
    in_path = [one for one in operation.parameters if one.place == "path"]
    for one, parameter in zip(_in_order(call), in_path, strict=False):
        yield from _parameter(one, parameter)


def _headers(call: Call, operation: Operation, secrets: frozenset[str]) -> Iterator[Mismatch]:
    """Names count whatever their letters; what goes down with every call is never missed."""
    known = {one.name: one for one in operation.parameters if one.place == "header"}
    sent = {one.name.lower(): one for one in call.sent if one.place == "header"}
    for name, one in sent.items():
        if name in known:
            yield from _parameter(one, known[name])
        elif name not in secrets:
            yield Mismatch(one.name, f"{call.service} knows no such header", nearest(name, known))
    for name, parameter in known.items():
        if parameter.required and name not in sent and name not in call.by_itself:
            hint = "send it by a parameter, Annotated[str, Header(…)]"
            yield Mismatch(name, f"{call.service} needs this header", hint)


def _in_order(call: Call) -> list[Sent]:
    sent = [one for one in call.sent if one.place == "path"]
    return sorted(sent, key=lambda one: call.path.index(f"{{{one.name}}}"))


def _parameter(sent: Sent, known: Parameter) -> Iterator[Mismatch]:
    """What is null is not sent, so that only what is left counts."""
    arms = [one for one in sent.type.resolved.alternatives if one.kind != "null"]
    if len(arms) < len(sent.type.resolved.alternatives) and known.required:
        yield Mismatch(sent.name, "the service needs this parameter, and it may be left out here")
    written = Type({"anyOf": [one.schema for one in arms]}, sent.type.document)
    yield from SENDING.mismatches(written, known.type, sent.name)


def _body(call: Call, operation: Operation) -> Iterator[Mismatch]:
    body = next((one.type for one in call.sent if one.place == "body"), None)
    if body is not None and operation.takes is not None:
        yield from SENDING.mismatches(body, operation.takes, "body")
    elif body is not None:
        yield Mismatch("body", f"{call.service} takes no JSON here")
    elif operation.takes is not None:
        yield Mismatch("body", f"{call.service} needs a body")
