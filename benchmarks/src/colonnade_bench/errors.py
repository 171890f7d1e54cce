"""What stops a benchmark."""


class BenchError(Exception):
    """Something is missing or wrong; the text says what, and what to do."""


class NotAvailableError(BenchError):
    """A peer cannot be had here; the others are measured without it."""
