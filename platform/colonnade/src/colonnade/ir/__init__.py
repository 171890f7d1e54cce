"""The resolved platform: frozen, typed, nothing left to default. Emitters read only this."""
