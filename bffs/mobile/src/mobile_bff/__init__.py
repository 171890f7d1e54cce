"""The backend of the mobile front end."""
