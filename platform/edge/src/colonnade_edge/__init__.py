"""The edge's brain: the policy service that Envoy asks, and the console beside it."""
