"""What a gRPC service offers, read from its compiled proto files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from colonnade.errors import UserError

RULE = "google.api.http"
GOOGLE = "google."
"""The packages that proto files import; their services are not the service's own."""
VERBS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True, slots=True)
class Method:
    """A method, and the path templates by which it is REST; none where it is gRPC alone."""

    service: str
    name: str
    streams: bool
    templates: tuple[str, ...]

    @property
    def path(self) -> str:
        """Where gRPC calls it."""
        return f"/{self.service}/{self.name}"


class Descriptor:
    """A descriptor set."""

    def __init__(self, content: bytes) -> None:
        """Raise `UserError` where `content` is no descriptor set, or not whole."""
        try:
            self._files = FileDescriptorSet.FromString(content)
            self._pool = DescriptorPool()
            for file in self._files.file:
                self._pool.AddSerializedFile(file.SerializeToString())
        except (DecodeError, TypeError) as error:
            hint = "protoc --include_imports --descriptor_set_out=FILE writes one"
            raise UserError("this is no descriptor set with all that it imports", hint) from error
        self.methods = tuple(
            Method(service, one.name, one.client_streaming or one.server_streaming, tuple(self._paths(one)))
            for service, one in self._declared()
        )
        if not self.methods:
            raise UserError("the descriptor set has no service", "compile the proto file that declares it")

    @classmethod
    def read(cls, file: Path) -> "Descriptor":
        """Return the descriptor set in `file`. Raises `UserError`."""
        try:
            return cls(file.read_bytes())
        except OSError as error:
            raise UserError(f"{file} cannot be read: {error.strerror}") from error

    @property
    def services(self) -> tuple[str, ...]:
        """The full names of the services."""
        return tuple(dict.fromkeys(method.service for method in self.methods))

    def below(self, prefix: str) -> bytes:
        """Return the descriptor set with the path of every rule moved below `prefix`."""
        moved = FileDescriptorSet.FromString(self._files.SerializeToString())
        for one in (one for file in moved.file for service in file.service for one in service.method):
            options, rule = self._rule(one)
            if rule is not None:
                _move(rule, prefix.rstrip("/"))
                one.options.ParseFromString(options.SerializeToString())
        return moved.SerializeToString()

    def _declared(self) -> Iterator[tuple[str, MethodDescriptorProto]]:
        for file in self._files.file:
            if not f"{file.package}.".startswith(GOOGLE):
                for service in file.service:
                    name = f"{file.package}.{service.name}".removeprefix(".")
                    yield from ((name, method) for method in service.method)

    def _paths(self, method: MethodDescriptorProto) -> Iterator[str]:
        _, rule = self._rule(method)
        for binding in [] if rule is None else _bindings(rule):
            yield binding.custom.path or getattr(binding, binding.WhichOneof("pattern") or "", "")

    def _rule(self, method: MethodDescriptorProto) -> tuple[Message, Any]:
        """The options of a method as this set knows them, and the HTTP rule among them, or None."""
        try:
            extension: Any = self._pool.FindExtensionByName(RULE)
            known = self._pool.FindMessageTypeByName("google.protobuf.MethodOptions")
        except KeyError:
            return method.options, None
        options = GetMessageClass(known).FromString(method.options.SerializeToString())
        return options, options.Extensions[extension] if options.HasExtension(extension) else None


def _bindings(rule: Any) -> Iterator[Any]:  # noqa: ANN401 - a message that only the set declares
    yield rule
    yield from rule.additional_bindings


def _move(rule: Any, prefix: str) -> None:  # noqa: ANN401 - as above
    for binding in _bindings(rule):
        pattern = binding.WhichOneof("pattern")
        if pattern in VERBS:
            setattr(binding, pattern, f"{prefix}{getattr(binding, pattern)}")
        elif pattern == "custom":
            binding.custom.path = f"{prefix}{binding.custom.path}"
