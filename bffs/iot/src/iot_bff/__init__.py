"""The backend of the iot front end."""
