"""The way to Valkey: one round trip per event-loop tick, and none while it is known to be down."""
