"""BFFs against the same views as teams write them in Node."""
