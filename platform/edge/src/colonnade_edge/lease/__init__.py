"""Streams that are closed when the credential ends that opened them."""
