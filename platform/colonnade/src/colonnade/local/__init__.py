"""Runs a platform on this machine: starts, watches, restarts and stops its processes."""
