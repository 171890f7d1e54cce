"""The readings of the devices."""
