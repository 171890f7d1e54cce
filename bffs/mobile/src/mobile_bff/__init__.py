"""The mobile BFF."""
