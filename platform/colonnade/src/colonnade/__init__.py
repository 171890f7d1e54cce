"""Colonnade: every front end its own backend, behind one edge."""
