"""Spans of sampled requests, for an OpenTelemetry collector. Who samples is the edge."""
