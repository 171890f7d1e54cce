"""Limits at real edges behind the balancer."""
