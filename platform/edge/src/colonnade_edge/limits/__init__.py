"""Which limits a request meets, who counts them, and what the client is told."""
