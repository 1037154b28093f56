"""Management commands of the GraphQL surfaces."""
