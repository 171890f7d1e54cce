"""The `bff` command. One command a file; what is slow to import is imported where it is used."""
