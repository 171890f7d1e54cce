"""Credentials that are refused before they expire, at every edge within a second."""
