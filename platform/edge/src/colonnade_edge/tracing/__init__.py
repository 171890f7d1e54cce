"""Spans of decisions, for an OpenTelemetry collector. Who samples is Envoy."""
