"""The lifecycle record: the project package and the core. Imports none of the packages beside it."""
