"""Orders to a running stack, over a socket that only its user can open."""
