"""Generated from `proto/colonnade/lease/v1/lease.proto`; see the README for the command."""
