"""What limits do, and what they would have done: `bff limits`."""
