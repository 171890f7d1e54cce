"""The devices in the field."""
