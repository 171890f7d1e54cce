"""The users of the shop."""
