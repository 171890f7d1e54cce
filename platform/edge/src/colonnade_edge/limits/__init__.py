"""Token buckets: decided exactly in the store, or by this process alone while the store is away."""
