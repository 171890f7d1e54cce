"""The browser's side: login by OpenID Connect, logout, and who is logged in."""
