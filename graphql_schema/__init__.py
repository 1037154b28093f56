"""The two GraphQL surfaces and the door they share."""
