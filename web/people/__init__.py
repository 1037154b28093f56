"""People: signing in, the second factor, the password."""
