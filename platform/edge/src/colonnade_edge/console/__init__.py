"""The console: a status page for people, and the admin API behind a bearer token."""
