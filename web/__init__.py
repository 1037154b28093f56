"""Pages for people, and the demo."""
