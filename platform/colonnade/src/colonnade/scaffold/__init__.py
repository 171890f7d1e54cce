"""Makes folders: a BFF from its kind's template, and a whole platform with its own `./bff`."""
