"""The versions of a stack's configuration: every publish is kept, can be compared, and brought back."""
