"""The compiled policy document, made ready for decisions, and its reload."""
