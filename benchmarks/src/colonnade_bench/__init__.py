"""Measures the edge and the BFFs against named peers, in one run."""
