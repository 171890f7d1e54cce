"""Makes `telemetry_service/proto` from the proto file: `python proto/generate.py`, in the service's folder.

It needs `pip install grpcio-tools googleapis-common-protos`, which the service itself does not: the HTTP
rules are for the edge, which reads them in `telemetry.pb`, and are left out of the modules.
"""

import tempfile
from importlib.resources import files
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

SERVICE = Path(__file__).parents[1]
SOURCES = SERVICE / "proto/colonnade/telemetry/v1"
PACKAGE = SERVICE / "src/telemetry_service/proto"
RULES = "google/api/annotations.proto"
INCLUDES = (SOURCES, files("grpc_tools") / "_proto", files("google.api").joinpath("../.."))


def compile_proto(*arguments: str) -> None:
    """Run protoc. Raises `SystemExit` where it fails."""
    if code := protoc.main(["protoc", *arguments, "telemetry.proto"]):
        raise SystemExit(code)


def without_rules(file: Path) -> bytes:
    """Return the descriptor set in `file` as the modules need it."""
    found = FileDescriptorSet.FromString(file.read_bytes())
    for one in found.file:
        if RULES in one.dependency:
            one.dependency.remove(RULES)
            for method in (method for service in one.service for method in service.method):
                method.ClearField("options")
    kept = [one for one in found.file if not one.name.startswith("google/api/")]
    return FileDescriptorSet(file=kept).SerializeToString()


def main() -> None:
    """Write the descriptor set, and the modules."""
    includes = [*(f"-I{folder}" for folder in INCLUDES), "--include_imports"]
    compile_proto(*includes, f"--descriptor_set_out={PACKAGE / 'telemetry.pb'}")
    with tempfile.TemporaryDirectory() as folder:
        whole, bare = Path(folder, "whole.pb"), Path(folder, "bare.pb")
        compile_proto(*includes, "--include_source_info", f"--descriptor_set_out={whole}")
        bare.write_bytes(without_rules(whole))
        outputs = [f"--{kind}_out={PACKAGE}" for kind in ("python", "pyi", "grpc_python")]
        compile_proto(f"--descriptor_set_in={bare}", *outputs)
    stub = PACKAGE / "telemetry_pb2_grpc.py"
    text = stub.read_text(encoding="utf-8")
    stub.write_text(
        text.replace("\nimport telemetry_pb2", "\nfrom telemetry_service.proto import telemetry_pb2"),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
