"""The backend of the web front end."""
