"""Who sends a request: sessions, access tokens that Envoy verified, and API keys."""
