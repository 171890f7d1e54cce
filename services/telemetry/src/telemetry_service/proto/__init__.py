"""Generated from `proto/colonnade/telemetry/v1/telemetry.proto` by `proto/generate.py`."""
