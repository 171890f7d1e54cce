"""Generated from `proto/colonnade/telemetry/v1/telemetry.proto`; see the README for the command."""
