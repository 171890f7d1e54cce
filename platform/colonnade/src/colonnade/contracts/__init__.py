"""What BFFs send to services and read of them, held against the services' OpenAPI documents."""
