"""The demo: a small province, its files, and the doors they go through."""
